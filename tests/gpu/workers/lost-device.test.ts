import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { setFlagsFromString } from 'node:v8';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { PickSession } from '../../../src/animation/index.ts';
import type { Candidate } from '../../../src/animation/index.ts';
import { DeviceError } from '../../../src/base/index.ts';
import type { Picture } from '../../../src/base/index.ts';
import { createWebGpuCompute, requestComputeDevice } from '../../../src/compute/index.ts';
import { targetFor } from '../../../src/models/index.ts';
import { defaultSettings } from '../../../src/project/index.ts';
import type { EngineNotice, GenerateEvent, LoadEvent } from '../../../src/protocol/index.ts';
import { createRuntime, loadOrt } from '../../../src/runtime/index.ts';
import { Engine } from '../../../workers/engine.ts';
import type { LoadOptions } from '../../../workers/engine.ts';
import type { Backend } from '../../../workers/backend.ts';
import { failure } from '../../support/failure.ts';
import { serveFiles } from '../../support/served-files.ts';
import type { ServedFiles } from '../../support/served-files.ts';
import { tinyModelFiles } from '../../support/tiny-model.ts';
import { MemoryModels } from '../../support/install/model-storage.ts';

// As in tools/node-runtime.ts: V8 would optimise this build for minutes.
setFlagsFromString('--liftoff-only');
const file = createRequire(import.meta.url).resolve('onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm');
const binary = new Uint8Array(await readFile(file));

const neverAborted = new AbortController().signal;
const settings = { ...defaultSettings, width: 64, height: 64, frames: 3, steps: 2, seed: 5 };
const start = { width: 8, height: 8, data: new Uint8ClampedArray(256).fill(200) };

let server: ServedFiles;
/** Opened devices, in order, and their number when the test began. */
const devices: GPUDevice[] = [];
let devicesBefore: number;
/** Shared, because a device takes long to compile its shaders: each test begins on the device that the one before left. */
let engine: Engine;
/** Results without a lost device. */
let expected: Awaited<ReturnType<typeof generate>>;
let expectedPicks: Awaited<ReturnType<typeof pickTwice>>;

async function openBackend(): Promise<Backend> {
  const { device, software, lost } = await requestComputeDevice(navigator.gpu, { allowFloat16: true });
  devices.push(device);
  const compute = await createWebGpuCompute(device, 'float16');
  return {
    compute,
    runtime: createRuntime(await loadOrt({ build: 'asyncify', source: { binary }, threads: 1 }), device),
    device: { kind: 'webgpu', precision: 'float16', name: '', reason: '', software, limits: null },
    target: targetFor('float16', software, device.limits),
    lost,
    dispose: () => {
      compute.dispose();
      device.destroy();
    },
  };
}

beforeAll(async () => {
  server = await serveFiles(tinyModelFiles());
  engine = new Engine(openBackend, new MemoryModels());
  await load();
  expected = await generate();
  expect(expected.notices).toEqual([]);
  expectedPicks = await pickTwice();
  expect(expectedPicks.notices).toEqual([]);
});
beforeEach(() => {
  devicesBefore = devices.length;
});
afterAll(async () => {
  await server.close();
  for (const device of devices) device.destroy();
});

const devicesOpened = () => devices.length - devicesBefore;

const load = (
  onEvent: (event: LoadEvent | EngineNotice) => void = () => undefined,
  options: LoadOptions = {},
) => engine.load({ kind: 'url', url: `${server.url}model.json` }, 'webgpu', neverAborted, onEvent, options);

/** Generates three frames; `onEvent` may lose the device meanwhile. */
async function generate(onEvent: (event: GenerateEvent) => void = () => undefined) {
  const events: GenerateEvent[] = [];
  await engine.generate({ start, firstFrame: 0, settings, previews: false }, neverAborted, (event) => {
    events.push(event);
    onEvent(event);
  });
  return {
    frames: events.flatMap((event) => (event.kind === 'frame' ? [event] : [])),
    notices: events.flatMap((event) => (event.kind === 'notice' ? [event.message] : [])),
  };
}

/** Picks by hand: a round of two, then, when both possible next rounds are finished, the second one's. */
async function pickTwice({
  onState = () => undefined,
}: { onState?: (ready: readonly number[]) => void } = {}) {
  const notices: string[] = [];
  const stop = new AbortController();
  let whenAhead: () => void = () => undefined;
  const ahead = new Promise<void>((resolve) => (whenAhead = resolve));
  const session = new PickSession({
    make: (round, watch) => engine.round(round, watch),
    limit: 1e9,
    now: () => performance.now(),
    activity: { speculative: true, lookedAt: null },
    onState: ({ ready }) => {
      onState(ready);
      if (ready.length === 2) whenAhead();
    },
  });
  const candidatesOf = async (from: Picture, frame: number): Promise<Candidate[]> => {
    const candidates: Candidate[] = [];
    await session.want(
      { start: from, frame, roll: 0, batch: 2, settings, ...(frame > 0 && { origin: start }) },
      {
        name: frame,
        signal: neverAborted,
        previews: false,
        onEvent: (event) => {
          if (event.kind === 'candidate') candidates.push(event.candidate);
        },
      },
    );
    return candidates;
  };
  const onNotice = ({ code }: EngineNotice) => notices.push(code);
  const running = engine.withNotices(onNotice, () => session.run(stop.signal));
  const first = await candidatesOf(start, 0);
  await ahead;
  const second = await candidatesOf(first[1]?.picture ?? start, 1);
  stop.abort();
  await running;
  return { notices, candidates: [...first, ...second].map(({ picture }) => [...picture.data]) };
}

const pictures = ({ frames }: Awaited<ReturnType<typeof generate>>) =>
  frames.map(({ frame, picture }) => ({ frame, data: [...picture.data] }));

describe('a lost device', () => {
  it.each(['encode', 'denoise', 'decode'] as const)(
    'in the middle of a frame, at %s, costs no frame and changes none',
    async (stage) => {
      let destroyed = false;
      const made = await generate((event) => {
        if (destroyed || event.kind !== 'progress') return;
        if (event.progress.frame !== 1 || event.progress.stage !== stage) return;
        destroyed = true;
        devices.at(-1)?.destroy();
      });
      expect(destroyed).toBe(true);
      expect(pictures(made)).toEqual(pictures(expected));
      expect(made.frames.map(({ insight }) => insight)).toEqual(
        expected.frames.map(({ insight }) => insight),
      );
      expect(made.notices).toHaveLength(1);
      expect(devicesOpened()).toBe(1);
    },
  );

  it('between two runs is replaced when the next one begins', async () => {
    devices.at(-1)?.destroy();
    const made = await generate();
    expect(pictures(made)).toEqual(pictures(expected));
    expect(made.notices).toHaveLength(1);
  });

  it('while a model is loaded is replaced before the first frame', async () => {
    const notices: string[] = [];
    await load((event) => {
      if ('kind' in event) notices.push(event.code);
      else if (event.part === 'decoder' && devicesOpened() === 0) devices.at(-1)?.destroy();
    });
    expect(notices).toEqual(['device']);
    const made = await generate();
    expect(made.notices).toEqual([]);
    expect(pictures(made)).toEqual(pictures(expected));
    expect(devicesOpened()).toBe(1);
  });

  it('during speculation is reported, and the rounds continue', async () => {
    let rounds = 0;
    const made = await pickTwice({
      // One speculative round is finished, and another has begun.
      onState: (ready) => {
        if (ready.length > 0 && rounds++ === 1) devices.at(-1)?.destroy();
      },
    });
    expect(made).toEqual({ ...expectedPicks, notices: ['device'] });
    expect(devicesOpened()).toBe(1);
  });

  it('repeatedly in the same frame rejects the run, and earlier frames are kept', async () => {
    const frames: number[] = [];
    const run = engine.generate(
      { start, firstFrame: 0, settings, previews: false },
      neverAborted,
      (event) => {
        if (event.kind === 'frame') frames.push(event.frame);
        if (event.kind === 'progress' && event.progress.frame === 1) devices.at(-1)?.destroy();
      },
    );
    const error = await failure(run);
    expect(error).toBeInstanceOf(DeviceError);
    expect(frames).toEqual([0]);
    expect(devicesOpened()).toBe(1);
    expect(pictures(await generate())).toEqual(pictures(expected));
  });

  // Last, since the engine keeps this precision if the test fails.
  it('is replaced by one on which networks have the same precision', async () => {
    const precision = { unet: 'float32', decoder: 'float32' } as const;
    await load(undefined, { precisions: { '': precision } });
    const before = await generate();
    expect(pictures(before), 'the frames of float16').not.toEqual(pictures(expected));
    devices.at(-1)?.destroy();
    const made = await generate();
    expect(made.notices).toHaveLength(1);
    expect(pictures(made)).toEqual(pictures(before));
    await load();
    expect(pictures(await generate())).toEqual(pictures(expected));
  });
});
