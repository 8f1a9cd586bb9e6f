import { beforeAll, describe, expect, it } from 'vitest';
import { isAbort } from '../../../../src/base/index.ts';
import {
  install,
  listInstalled,
  openInstalled,
  planInstall,
  problemsOf,
  verifyInstalled,
} from '../../../../src/models/index.ts';
import type {
  InstallNotice,
  InstallOptions,
  InstallProgress,
  ModelSource,
} from '../../../../src/models/index.ts';
import { failure } from '../../../support/failure.ts';
import { fakeClock } from '../../../support/install/clock.ts';
import { MemoryFiles } from '../../../support/install/memory-files.ts';
import { base, tinyWeb } from '../../../support/install/tiny-source.ts';
import { broken, refusal } from '../../../support/install/web.ts';
import type { FakeWeb } from '../../../support/install/web.ts';

const unetUrl = `${base}tiny/unet/weights.safetensors`;
const unetFile = 'unet/diffusion_pytorch_model.safetensors';
/** Chunk length in bytes: the tiny model's UNet has dozens of chunks. */
const chunkLength = 4096;

function rig() {
  const { web, source } = tinyWeb();
  const files = new MemoryFiles();
  const clock = fakeClock();
  const notices: InstallNotice[] = [];
  const progress: InstallProgress[] = [];
  const options: InstallOptions = {
    base,
    chunkLength,
    fetch: web.fetch,
    wait: clock.wait,
    random: clock.random,
    now: clock.now,
    onNotice: (notice) => notices.push(notice),
    onProgress: (report) => progress.push(report),
  };
  return { web, source, files, clock, notices, progress, options };
}

/** Files after an installation without faults. */
let expected: ReadonlyMap<string, string>;
beforeAll(async () => {
  const { source, files, options } = rig();
  await install(source, files, options);
  expected = files.contents('tiny');
});

/** Checks that the model is complete and correct, and that no file is open. */
async function expectWhole(files: MemoryFiles): Promise<void> {
  expect(files.contents('tiny')).toEqual(expected);
  expect(await verifyInstalled(files, 'tiny')).toEqual([]);
  expect((await listInstalled(files)).map(({ state }) => state)).toEqual(['complete']);
  expect(files.writers).toBe(0);
}

/** Aborts an installation after this many bytes of the UNet. */
async function stopAfter(bytes: number, { web, source, files, options }: ReturnType<typeof rig>) {
  const stop = new AbortController();
  web.onPart = () => {
    if (web.sent(unetUrl) > bytes) stop.abort();
  };
  await expect(install(source, files, { ...options, signal: stop.signal })).rejects.toSatisfy(isAbort);
  web.onPart = () => undefined;
}

describe('planInstall', () => {
  it('computes the download and stored sizes from headers only', async () => {
    const { web, source, files, options } = rig();
    const plan = await planInstall(source, options);
    const headers = web.sent();
    expect(headers).toBeLessThan(plan.downloadBytes / 3);
    await install(plan, files, options);
    expect(web.sent() - headers).toBe(plan.downloadBytes);
    const sizes = (await files.files('tiny')).filter(({ name }) => !name.startsWith('install'));
    expect(sizes.reduce((sum, { size }) => sum + size, 0)).toBe(plan.storedBytes);
    expect(plan.parts.find(({ name }) => name === unetFile)).toMatchObject({ part: 'UNet', url: unetUrl });
  });

  it('uses the first available address, and reports the fallback', async () => {
    const { source, web, notices, options } = rig();
    web.put(`${base}page.bin`, new TextEncoder().encode('<!doctype html><title>Log in</title>'));
    const weights = ['gone.safetensors', 'page.bin', ...source.unet.weights];
    const plan = await planInstall({ ...source, unet: { ...source.unet, weights } }, options);
    expect(plan.parts.find(({ part }) => part === 'UNet')?.url).toBe(unetUrl);
    expect(notices.map(({ kind, url }) => [kind, url])).toEqual([
      ['fallback', 'gone.safetensors'],
      ['fallback', 'page.bin'],
    ]);
  });

  it('rejects a web page that a server sends in place of a missing file', async () => {
    const { source, web, files, notices, options } = rig();
    const page = new TextEncoder().encode('<!doctype html><title>Home</title>'.padEnd(3000));
    web.put(`${base}page.onnx`, page);
    const model = ['page.onnx', ...source.imageEncoder.model];
    await install({ ...source, imageEncoder: { ...source.imageEncoder, model } }, files, options);
    expect(notices.map(({ kind, url }) => [kind, url])).toEqual([['fallback', 'page.onnx']]);
    await expectWhole(files);

    for (const url of ['clip/image.onnx', 'prompts.safetensors']) web.put(`${base}tiny/${url}`, page);
    const error = await failure(planInstall(source, options));
    expect(problemsOf(error)).toMatchObject([
      { code: 'onnx-damaged', details: { file: `${base}tiny/clip/image.onnx` } },
      { details: { file: `${base}tiny/prompts.safetensors` } },
    ]);
  });

  it('reports every problem of a source', async () => {
    const { source, web, options } = rig();
    web.put(`${base}tiny/unet/config.json`, new TextEncoder().encode('{"in_channels":9}'));
    web.files.delete(`${base}tiny/clip/image.onnx`);
    const error = await failure(planInstall(source, options));
    expect(error.code).toBe('config-unsupported');
    expect(problemsOf(error)).toMatchObject([{ code: 'config-unsupported' }, { code: 'not-found' }]);
  });

  it('reports the damaged file rather than a missing alternative', async () => {
    const { source, web, options } = rig();
    web.put(`${base}cut.safetensors`, new Uint8Array(web.files.get(unetUrl)?.bytes.slice(0, 50_000) ?? []));
    const weights = ['gone.safetensors', 'cut.safetensors'];
    const error = await failure(planInstall({ ...source, unet: { ...source.unet, weights } }, options));
    expect(error.code).toBe('truncated');
  });
});

describe('installed model', () => {
  it('contains the tensors that the compiler reads, in float16, and can be opened', async () => {
    const { source, files, options } = rig();
    await install(source, files, options);
    const { manifest, parts, fixedPrompts } = await openInstalled(files, 'tiny');
    expect(manifest).toMatchObject({ name: 'Tiny', licence: 'CC0-1.0', defaults: { steps: 7 } });
    expect(fixedPrompts?.positive).toEqual(['up', 'higher']);
    const names = [...parts.unet.checkpoint.tensors.keys()];
    expect(names.filter((name) => /attn2\.to_[qk]|norm2/.test(name) && !/resnets/.test(name))).toEqual([]);
    expect(names).toContain('down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_v.weight');
    expect([...parts.vae.checkpoint.tensors.keys()].filter((name) => name.startsWith('encoder'))).toEqual([]);
    expect([...parts.unet.checkpoint.tensors.values()].every(({ type }) => type === 'float16')).toBe(true);
    expect((await parts.imageEncoder.model()).graph.length).toBeGreaterThan(1000);
  });

  it('is listed with its metadata until removed', async () => {
    const { source, files, options } = rig();
    await install(source, files, options);
    expect(await listInstalled(files)).toMatchObject([
      {
        id: 'tiny',
        name: 'Tiny',
        licence: 'CC0-1.0',
        state: 'complete',
        date: '2026-01-01T00:00:00.000Z',
        source,
      },
    ]);
    await files.remove('tiny');
    expect(await listInstalled(files)).toEqual([]);
    expect((await failure(openInstalled(files, 'tiny'))).code).toBe('not-installed');
  });

  it.each([1, 6, 40])('is the same with %i connections', async (connections) => {
    const { source, files, options, web } = rig();
    let open = 0;
    let most = 0;
    web.fault = async () => {
      most = Math.max(most, ++open);
      await Promise.resolve();
      open--;
      return null;
    };
    const plan = await planInstall(source, options);
    most = 0;
    await install(plan, files, { ...options, connections });
    web.fault = () => null;
    expect(most).toBeLessThanOrEqual(connections);
    await expectWhole(files);
  });

  it('opens each file once, however often the journal is saved', async () => {
    const { web, source, files, options, clock } = rig();
    web.onPart = () => {
      clock.pass(700);
    };
    await install(source, files, options);
    expect(files.opened.toSorted()).toEqual([...new Set(files.opened)].toSorted());
    expect(files.opened).toContain('install.json');
    await expectWhole(files);
  });

  it('coalesces adjacent chunks into one request', async () => {
    const { web, source, files, options } = rig();
    const plan = await planInstall(source, options);
    const unet = plan.files.find(({ name }) => name === unetFile);
    const before = web.asked.filter(({ url }) => url === unetUrl).length;
    await install(plan, files, { ...options, connections: 2 });
    const requests = web.asked.filter(({ url }) => url === unetUrl).length - before;
    expect(requests).toBeLessThan((unet?.chunks.length ?? 0) / 2);
    await expectWhole(files);
  });

  it('reports progress, rate and remaining time up to the end', async () => {
    const { web, source, files, options, clock, progress } = rig();
    web.onPart = () => {
      clock.pass(100);
    };
    const plan = await planInstall(source, options);
    await install(plan, files, options);
    const reports = progress.filter(({ stage }) => stage === 'download');
    expect(reports.at(-1)).toMatchObject({
      done: plan.downloadBytes,
      of: plan.downloadBytes,
      secondsLeft: 0,
    });
    const half = reports.find(({ done, of }) => done > of / 2);
    // One chunk each tenth of a second.
    expect(half?.bytesPerSecond).toBeGreaterThan(10_000);
    expect(half?.bytesPerSecond).toBeLessThan(11 * chunkLength);
    expect(half?.secondsLeft).toBeCloseTo(
      ((half?.of ?? 0) - (half?.done ?? 0)) / (half?.bytesPerSecond ?? 1),
    );
  });
});

describe('interrupted installation', () => {
  it('resumes where it stopped', async () => {
    const parts = rig();
    await stopAfter(60_000, parts);
    const { web, source, files, options, progress } = parts;
    expect((await listInstalled(files)).map(({ state }) => state)).toEqual(['partial']);
    expect((await failure(openInstalled(files, 'tiny'))).code).toBe('model-partial');
    const plan = await planInstall(source, options);
    const before = web.sent();
    await install(plan, files, options);
    expect(web.sent() - before).toBeLessThan(plan.downloadBytes - 20_000);
    expect(progress.some(({ stage, of }) => stage === 'verify' && of > 10_000)).toBe(true);
    await expectWhole(files);
  });

  it('reports progress while verifying the stored chunks, and can be aborted then', async () => {
    const parts = rig();
    await stopAfter(60_000, parts);
    const { web, source, files, options, progress } = parts;
    progress.length = 0;
    const plan = await planInstall(source, options);
    const before = web.asked.length;
    const stop = new AbortController();
    const onProgress = (report: InstallProgress) => {
      progress.push(report);
      if (report.stage === 'verify' && report.done > report.of / 2) stop.abort();
    };
    // Progress events are limited by the clock.
    const now = () => {
      parts.clock.pass(200);
      return parts.clock.now();
    };
    const stopped = install(plan, files, { ...options, signal: stop.signal, onProgress, now });
    await expect(stopped).rejects.toSatisfy(isAbort);
    expect(new Set(progress.map(({ stage }) => stage))).toEqual(new Set(['verify']));
    expect(progress.length).toBeGreaterThan(5);
    expect(web.asked.length).toBe(before);

    // No progress was lost.
    const [verify] = progress;
    progress.length = 0;
    await install(plan, files, options);
    expect(progress.find(({ stage }) => stage === 'verify')?.of).toBe(verify?.of);
    await expectWhole(files);
  });

  it('loses only unflushed chunks when the page is killed', async () => {
    const { web, source, files, options, clock } = rig();
    web.onPart = () => {
      clock.pass(700);
    };
    let writes = 0;
    files.onWrite = () => {
      if (++writes > 40) throw new DOMException('killed', 'InvalidStateError');
    };
    expect((await failure(install(source, files, options))).code).toBe('storage-unavailable');
    files.die();
    files.onWrite = () => undefined;
    const plan = await planInstall(source, options);
    const before = web.sent();
    await install(plan, files, options);
    expect(web.sent() - before).toBeLessThan(plan.downloadBytes - 5000);
    await expectWhole(files);
  });

  it.each([
    ['install.json', 'install.new.json'],
    ['install.new.json', 'install.json'],
  ])('survives a torn write of %s', async (torn) => {
    const parts = rig();
    await stopAfter(60_000, parts);
    const { web, source, files, options } = parts;
    files.read('tiny', torn).fill(0, 500);
    const plan = await planInstall(source, options);
    const before = web.sent();
    await install(plan, files, options);
    expect(web.sent() - before).toBeLessThan(plan.downloadBytes - 20_000);
    await expectWhole(files);
  });

  it('is listed while another tab writes its journal', async () => {
    const parts = rig();
    await stopAfter(60_000, parts);
    const { files } = parts;
    const open = files.open.bind(files);
    const written = new Set(['install.json', 'install.new.json']);
    files.open = async (model, name) => {
      const source = await open(model, name);
      // Browsers refuse to read what has changed since it was opened.
      const refuse = () => Promise.reject(new DOMException('changed', 'NotReadableError'));
      return source && written.delete(name) ? { ...source, read: refuse } : source;
    };
    expect((await listInstalled(files)).map(({ state }) => state)).toEqual(['partial']);
  });

  it('restarts when no journal is left', async () => {
    const parts = rig();
    await stopAfter(60_000, parts);
    const { source, files, options } = parts;
    for (const name of ['install.json', 'install.new.json']) {
      files.read('tiny', name).fill(0, 500);
    }
    expect(await listInstalled(files)).toEqual([]);
    await install(source, files, options);
    await expectWhole(files);
  });

  it('requests nothing when aborted before it begins', async () => {
    const { web, source, files, options } = rig();
    const signal = AbortSignal.abort();
    await expect(install(source, files, { ...options, signal })).rejects.toBe(signal.reason);
    expect(web.asked).toEqual([]);
    expect(files.names).toEqual([]);
  });
});

/** Transient server faults. Each must end in the model that a correct server gives. */
const passing: Record<string, (web: FakeWeb) => void> = {
  'refuses every third request for a while': (web) => {
    let count = 0;
    web.fault = () => (++count % 3 === 0 ? refusal(503) : null);
  },
  'sends Retry-After': (web) => {
    let count = 0;
    web.fault = () => (++count % 7 === 0 ? refusal(429, { 'Retry-After': '3' }) : null);
  },
  'drops connections': (web) => {
    let count = 0;
    web.fault = (asked, file) => (++count % 3 === 0 ? broken(asked, file, 700) : null);
  },
  'is unreachable for a while': (web) => {
    let count = 0;
    web.fault = () => (++count % 4 === 0 ? Promise.reject(new TypeError('fetch failed')) : null);
  },
  'ignores ranges': (web) => {
    web.fault = (_, { bytes }) => new Response(bytes);
  },
  'hides its headers from other origins': (web) => {
    web.fault = ({ range, method }, { bytes }) => {
      const length = { 'Content-Length': String(bytes.length) };
      if (!range) return new Response(method === 'HEAD' ? null : bytes, { headers: length });
      return new Response(bytes.slice(range[0], range[1] + 1), { status: 206 });
    };
  },
};

describe('a server', () => {
  it.each(Object.entries(passing))('that %s does not prevent the installation', async (_, misbehave) => {
    const { web, source, files, options } = rig();
    misbehave(web);
    await install(source, files, options);
    await expectWhole(files);
  });

  it('that goes away fails the installation, and the finished chunks are kept', async () => {
    const { web, source, files, options, notices } = rig();
    web.fault = () => (web.sent(unetUrl) > 60_000 ? Promise.reject(new TypeError('fetch failed')) : null);
    expect((await failure(install(source, files, options))).code).toBe('network');
    expect(notices.some(({ kind, seconds }) => kind === 'retry' && seconds !== undefined)).toBe(true);
    web.fault = () => null;
    const plan = await planInstall(source, options);
    const before = web.sent();
    await install(plan, files, options);
    expect(web.sent() - before).toBeLessThan(plan.downloadBytes - 20_000);
    await expectWhole(files);
  });

  /** Another version of the UNet: same header, other values. */
  function replace(web: FakeWeb, tag: string): void {
    const { bytes = new Uint8Array(0) } = web.files.get(unetUrl) ?? {};
    const other = bytes.slice();
    other.fill(0, other.length - 8000);
    web.put(unetUrl, other, tag);
  }

  it('that replaces a file during the download causes it to be downloaded again completely', async () => {
    const { web, source, files, options, notices } = rig();
    let replaced = false;
    web.fault = () => {
      if (!replaced && web.sent(unetUrl) > 60_000) {
        replaced = true;
        replace(web, '"second"');
      }
      return null;
    };
    await install(source, files, options);
    expect(notices.filter(({ kind }) => kind === 'changed').map(({ url }) => url)).toEqual([unetUrl]);
    expect(await verifyInstalled(files, 'tiny')).toEqual([]);

    const { web: other, source: same, files: clean, options: rest } = rig();
    replace(other, '"second"');
    await install(same, clean, rest);
    expect(files.contents('tiny')).toEqual(clean.contents('tiny'));
  });

  it('that keeps replacing a file fails the installation with the code "changed"', async () => {
    const { web, source, files, options } = rig();
    let version = 0;
    web.fault = () => {
      if (web.sent(unetUrl) > 60_000 * (version + 1)) replace(web, `"${++version}"`);
      return null;
    };
    expect(await failure(install(source, files, options))).toMatchObject({
      code: 'changed',
      details: { url: unetUrl },
    });
    expect((await failure(openInstalled(files, 'tiny'))).code).toBe('model-partial');
  });

  it('that has another version on resuming is detected, and the versions are not mixed', async () => {
    const parts = rig();
    await stopAfter(60_000, parts);
    const { web, source, files, options, notices } = parts;
    replace(web, '"second"');
    await install(source, files, options);
    expect(notices.map(({ kind, url }) => [kind, url])).toContainEqual(['changed', unetUrl]);

    const { web: other, source: same, files: clean, options: rest } = rig();
    replace(other, '"second"');
    await install(same, clean, rest);
    expect(files.contents('tiny')).toEqual(clean.contents('tiny'));
  });

  it('at another address with the same file is resumed from', async () => {
    const parts = rig();
    await stopAfter(60_000, parts);
    const { web, source, files, options } = parts;
    const moved: ModelSource = { ...source, unet: { ...source.unet, weights: ['mirror.safetensors'] } };
    const { bytes, tag } = web.files.get(unetUrl) ?? { bytes: new Uint8Array(0), tag: null };
    web.put(`${base}mirror.safetensors`, bytes, tag);
    const plan = await planInstall(moved, options);
    const before = web.sent();
    await install(plan, files, options);
    expect(web.sent() - before).toBeLessThan(plan.downloadBytes - 20_000);
    await expectWhole(files);
  });
});

describe('disk space', () => {
  it('that is too low fails before anything is fetched', async () => {
    const { source, files, options, web } = rig();
    const plan = await planInstall(source, options);
    const before = web.sent();
    files.capacity = plan.storedBytes - 1;
    expect(await failure(install(plan, files, options))).toMatchObject({
      name: 'StorageError',
      code: 'storage-full',
      details: { needed: plan.storedBytes, free: plan.storedBytes - 1 },
    });
    expect(web.sent()).toBe(before);
  });

  it('that runs out fails the installation, which can be resumed once there is room', async () => {
    const { source, files, options, web } = rig();
    files.capacity = 70_000;
    files.tellsFreeSpace = false;
    const error = await failure(install(source, files, options));
    expect(error).toMatchObject({ code: 'storage-full', details: { free: null } });
    expect(error.details['needed']).toBeGreaterThan(10_000);
    expect(files.writers).toBe(0);
    files.capacity = Infinity;
    const plan = await planInstall(source, options);
    const before = web.sent();
    await install(plan, files, options);
    expect(web.sent() - before).toBeLessThan(plan.downloadBytes - 20_000);
    await expectWhole(files);
  });
});

describe('a full disk for one file', () => {
  it('keeps the chunks of the other files', async () => {
    const { source, files, options, web } = rig();
    const writer = files.writer.bind(files);
    files.writer = (model, name) =>
      name === 'image_encoder/model.onnx'
        ? Promise.reject(new DOMException('full', 'QuotaExceededError'))
        : writer(model, name);
    expect((await failure(install(source, files, options))).code).toBe('storage-full');
    files.writer = writer;
    const plan = await planInstall(source, options);
    const before = web.sent();
    await install(plan, files, options);
    expect(web.sent() - before).toBeLessThan(plan.downloadBytes - 20_000);
    await expectWhole(files);
  });
});

describe('a browser that overestimates the free space', () => {
  it('does not have its estimate reported when the disk is full', async () => {
    const { source, files, options } = rig();
    files.capacity = 70_000;
    files.freeSpace = () => Promise.resolve(10 * 2 ** 30);
    const error = await failure(install(source, files, options));
    expect(error).toMatchObject({ code: 'storage-full', details: { free: null } });
    expect(error.message).not.toContain('free');
  });
});

describe('a browser without storage', () => {
  it('is reported as storage-unavailable', async () => {
    const { source, files, options } = rig();
    const refuse = () => Promise.reject(new DOMException('no', 'NotSupportedError'));
    Object.assign(files, { list: refuse, remove: refuse, writer: refuse });
    for (const attempt of [listInstalled(files), install(source, files, options)]) {
      expect(await failure(attempt)).toMatchObject({ name: 'StorageError', code: 'storage-unavailable' });
    }
  });
});

describe('damage on disk', () => {
  it('is detected, reported, and repaired by downloading only that chunk', async () => {
    const { source, files, options, web } = rig();
    await install(source, files, options);
    const bytes = files.read('tiny', unetFile);
    bytes[50_000] = (bytes[50_000] ?? 0) ^ 1;
    expect(await failure(openInstalled(files, 'tiny'))).toMatchObject({
      code: 'model-damaged',
      details: { id: 'tiny', chunks: 1, file: unetFile },
    });
    expect((await listInstalled(files)).map(({ state }) => state)).toEqual(['damaged']);
    const plan = await planInstall(source, options);
    const before = web.sent();
    await install(plan, files, options);
    expect(web.sent() - before).toBeLessThanOrEqual(chunkLength);
    await expectWhole(files);
  });

  it('is located, and a deleted file is reported as missing', async () => {
    const { source, files, options } = rig();
    await install(source, files, options);
    files.lose('tiny', 'unet/config.json');
    files.read('tiny', unetFile)[60_000] = 255;
    const damage = await verifyInstalled(files, 'tiny');
    expect(damage).toHaveLength(2);
    expect(damage).toContainEqual(
      expect.objectContaining({ file: 'unet/config.json', at: 0, kind: 'missing' }),
    );
    const changed = damage.find(({ kind }) => kind === 'changed');
    expect(changed?.file).toBe(unetFile);
    expect(changed?.at).toBeLessThanOrEqual(60_000);
    expect((changed?.at ?? 0) + (changed?.length ?? 0)).toBeGreaterThan(60_000);
    await install(source, files, options);
    await expectWhole(files);
  });

  it('verification can be aborted', async () => {
    const { source, files, options } = rig();
    await install(source, files, options);
    const signal = AbortSignal.abort();
    await expect(verifyInstalled(files, 'tiny', { signal })).rejects.toBe(signal.reason);
    expect((await listInstalled(files)).map(({ state }) => state)).toEqual(['complete']);
  });
});
