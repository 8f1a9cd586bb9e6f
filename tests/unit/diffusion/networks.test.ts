import { beforeEach, describe, expect, it } from 'vitest';
import { isAbort } from '../../../src/base/index.ts';
import { Networks } from '../../../src/diffusion/networks.ts';
import type { LatentSize } from '../../../src/base/index.ts';
import type { DiffusionModel } from '../../../src/diffusion/index.ts';
import type { OnnxModel, Runtime, Session } from '../../../src/runtime/index.ts';

/** Log of events, in order. */
let log: string[];
let live: Set<string>;
/** Called when a network is compiled or its session is created. */
let onCompile: (network: string) => void;
let onCreate: (name: string) => Promise<void>;
/** Called when a session is released. */
let onRelease: (name: string) => void;

const empty: OnnxModel = { graph: new Uint8Array(), weights: [] };
const runtime: Runtime = {
  get liveSessions() {
    return live.size;
  },
  async createSession(name, _, signal): Promise<Session> {
    await onCreate(name);
    signal?.throwIfAborted();
    const key = `${name} ${log.length}`;
    log.push(`make ${name}`);
    live.add(key);
    return {
      inputs: [],
      outputs: [],
      run: () => Promise.resolve({}),
      release: async () => {
        log.push(`release ${name}`);
        live.delete(key);
        await Promise.resolve();
        onRelease(name);
      },
    };
  },
};

const compile = (network: string, signal: AbortSignal | undefined): Promise<OnnxModel> => {
  signal?.throwIfAborted();
  onCompile(network);
  log.push(`compile ${network}`);
  return Promise.resolve(empty);
};
const sized = (name: string) => (size: LatentSize, signal?: AbortSignal) =>
  compile(`${name} ${size.height}x${size.width}`, signal);
const model: DiffusionModel = {
  latentChannels: 4,
  latentScale: 8,
  embeddingWidth: 12,
  contextWidth: 8,
  clipSize: 224,
  timestep: { width: 8, cosineFirst: true, frequencyShift: 0 },
  schedule: {
    betaStart: 0.00085,
    betaEnd: 0.012,
    betaSchedule: 'scaled_linear',
    trainTimesteps: 1000,
    prediction: 'epsilon',
    spacing: 'linspace',
    stepsOffset: 0,
  },
  previewFactors: [],
  imageEncoder: (signal) => compile('encoder', signal),
  context: (signal) => compile('context', signal),
  unet: sized('unet'),
  decoder: sized('decoder'),
  checkLimits: () => undefined,
  decoderTile: (size, rows) => ({ ...size, rows }),
};

let networks: Networks;
beforeEach(() => {
  log = [];
  live = new Set();
  onCompile = () => undefined;
  onCreate = () => Promise.resolve();
  onRelease = () => undefined;
  networks = new Networks(model, runtime);
});

const small = { height: 8, width: 8 };
const wide = { height: 8, width: 16 };

describe('Networks', () => {
  it('releases all sessions even if one cannot be freed, and rejects with that error', async () => {
    onRelease = (name) => {
      if (name === 'context') throw new Error('the device is gone');
    };
    await networks.context();
    await networks.imageEncoder();
    await expect(networks.release()).rejects.toThrow('the device is gone');
    expect(log.at(-1)).toBe('release image encoder');
    const made = log.length;
    await networks.release();
    expect(log, 'nothing is freed twice').toHaveLength(made);
  });

  it('creates sessions when they are first needed, and keeps them', async () => {
    expect(log).toEqual([]);
    const first = await networks.unet(small);
    expect(await networks.unet({ ...small })).toBe(first);
    const encoder = await networks.imageEncoder();
    expect(await networks.imageEncoder()).toBe(encoder);
    expect(log).toEqual(['compile unet 8x8', 'make UNet', 'compile encoder', 'make image encoder']);
  });

  it('replaces sessions of another size, releasing the old ones first', async () => {
    const first = await networks.unet(small);
    await networks.decoder(small);
    await networks.imageEncoder();
    log = [];
    expect(await networks.unet(wide)).not.toBe(first);
    expect(log).toEqual(['release UNet', 'compile unet 8x16', 'make UNet']);
    // 8×16 and 16×8 are different sizes.
    await networks.unet({ height: 16, width: 8 });
    expect(log.slice(3)).toEqual(['release UNet', 'compile unet 16x8', 'make UNet']);
    expect(live.size).toBe(3);
  });

  it('creates a session once for concurrent requests', async () => {
    const [first, second, context] = await Promise.all([
      networks.unet(small),
      networks.unet(small),
      networks.context(),
    ]);
    expect(second).toBe(first);
    expect(context).not.toBe(first);
    expect(live.size).toBe(2);
  });

  it('creates sessions for two concurrent sizes one after the other', async () => {
    await Promise.all([networks.unet(small), networks.unet(wide)]);
    expect(log).toEqual(['compile unet 8x8', 'make UNet', 'release UNet', 'compile unet 8x16', 'make UNet']);
    expect(live.size).toBe(1);
  });

  it('releases all sessions together', async () => {
    await networks.unet(small);
    await networks.decoder(small);
    await networks.context();
    await networks.release();
    expect(live.size).toBe(0);
    await networks.release();
    expect(log.filter((line) => line.startsWith('release'))).toHaveLength(3);
  });

  it('releases a session that is still being created', async () => {
    const making = networks.unet(small);
    await networks.release();
    await making;
    expect(live.size).toBe(0);
  });

  it('creates sessions again after release', async () => {
    await networks.unet(small);
    await networks.release();
    await networks.unet(small);
    expect(live.size).toBe(1);
  });
});

describe('Networks in low memory', () => {
  beforeEach(() => {
    networks = new Networks(model, runtime, true);
  });

  it('releases the networks of one stage before it creates those of the next', async () => {
    await networks.imageEncoder();
    await networks.unet(small);
    await networks.context();
    await networks.unet(small);
    expect(live.size).toBe(2);
    await networks.decoder(small);
    expect(live.size).toBe(1);
    await networks.imageEncoder();
    expect(log.filter((line) => !line.startsWith('compile'))).toEqual([
      'make image encoder',
      'release image encoder',
      'make UNet',
      'make context',
      'release UNet',
      'release context',
      'make decoder',
      'release decoder',
      'make image encoder',
    ]);
  });

  it('creates a released network again', async () => {
    const first = await networks.unet(small);
    await networks.decoder(small);
    expect(await networks.unet(small)).not.toBe(first);
    expect(live.size).toBe(1);
  });
});

describe('a network that cannot be created', () => {
  it.each(['compile', 'create'])('can be requested again: %s', async (stage) => {
    const fail = () => {
      throw new Error('no memory');
    };
    if (stage === 'compile') onCompile = fail;
    else onCreate = () => Promise.reject(new Error('no memory'));
    await expect(networks.unet(small)).rejects.toThrow('no memory');
    onCompile = () => undefined;
    onCreate = () => Promise.resolve();
    await networks.unet(small);
    expect(live.size).toBe(1);
  });

  it('leaves other networks alone, and the previous size is not reused', async () => {
    const decoder = await networks.decoder(small);
    await networks.unet(small);
    onCompile = () => {
      throw new Error('no memory');
    };
    await expect(networks.unet(wide)).rejects.toThrow('no memory');
    onCompile = () => undefined;
    expect(await networks.decoder(small)).toBe(decoder);
    log = [];
    await networks.unet(small);
    expect(log).toEqual(['compile unet 8x8', 'make UNet']);
  });

  it('because of an abort leaks nothing and can be requested again', async () => {
    const stop = new AbortController();
    onCreate = () => {
      stop.abort();
      return Promise.resolve();
    };
    await expect(networks.unet(small, stop.signal)).rejects.toSatisfy(isAbort);
    expect(live.size).toBe(0);
    onCreate = () => Promise.resolve();
    await networks.unet(small);
    expect(live.size).toBe(1);
  });
});
