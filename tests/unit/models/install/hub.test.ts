import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { isAbort } from '../../../../src/base/index.ts';
import { install, planInstall, verifyInstalled } from '../../../../src/models/index.ts';
import type { InstallNotice, InstallOptions, ModelSource } from '../../../../src/models/index.ts';
import { memorySource } from '../../../../src/models/source.ts';
import { longestSilence } from '../../../../src/models/stall.ts';
import { float32Bytes } from '../../../support/bytes.ts';
import { failure } from '../../../support/failure.ts';
import { createGate, startHub } from '../../../support/hub/index.ts';
import type { Hub } from '../../../support/hub/index.ts';
import { fakeClock } from '../../../support/install/clock.ts';
import { MemoryFiles } from '../../../support/install/memory-files.ts';
import { tinySource } from '../../../support/install/tiny-source.ts';
import { tinyModelFiles } from '../../../support/tiny-model.ts';
import { py, tensorOps, torchRecords } from '../../../support/torch-file.ts';
import { zipFile } from '../../../support/zip-file.ts';

const unet = 'tiny/unet/weights.safetensors';
const unetFile = 'unet/diffusion_pytorch_model.safetensors';
const torchFile = 'tiny/unet/weights.bin';

let hub: Hub;
let base: string;
/** All files of the model except the journal, as installed from a server with range support. */
let expected: ReadonlyMap<string, string>;

function rig() {
  const files = new MemoryFiles();
  const clock = fakeClock();
  const notices: InstallNotice[] = [];
  const options: InstallOptions = {
    base,
    // Small enough that the tiny model's networks have dozens of chunks, and are too large to be kept.
    chunkLength: 4096,
    largestWhole: 32_768,
    wait: clock.wait,
    random: clock.random,
    timer: clock.timer,
    now: clock.now,
    onNotice: (notice) => notices.push(notice),
  };
  return { source: tinySource(), files, clock, notices, options };
}

beforeAll(async () => {
  const torch = zipFile(
    torchRecords(
      py.pickle(
        py.orderedDict([
          py.string('weight'),
          tensorOps({
            storage: { key: '0', className: 'FloatStorage', count: 20_000 },
            dims: [20_000],
            strides: [1],
          }),
        ]),
      ),
      { '0': float32Bytes(...new Float32Array(20_000)) },
    ),
    { alignment: 64 },
  );
  const files = new Map(
    [...tinyModelFiles()].map(([path, bytes]) => [`tiny/${path}`, memorySource(path, bytes)]),
  );
  files.set(torchFile, memorySource(torchFile, torch));
  hub = await startHub([{ id: 'owner/model', revisions: new Map([['main', files]]) }]);
  base = `${hub.url}/owner/model/resolve/main/`;
  const { source, files: good, options } = rig();
  await install(source, good, options);
  expected = good.contents('tiny');
});
beforeEach(() => {
  hub.reset();
});
afterAll(() => hub.close());

async function expectWhole(files: MemoryFiles): Promise<void> {
  expect(files.contents('tiny')).toEqual(expected);
  expect(await verifyInstalled(files, 'tiny')).toEqual([]);
  expect(files.writers).toBe(0);
}

/** Aborts an installation after a number of the UNet's chunks. */
async function stopAfter(chunks: number, { source, files, options }: ReturnType<typeof rig>): Promise<void> {
  const stop = new AbortController();
  let written = 0;
  files.onWrite = (_, name) => {
    if (name === unetFile && ++written === chunks) stop.abort();
  };
  const stopped = install(source, files, { ...options, signal: stop.signal });
  await expect(stopped).rejects.toSatisfy(isAbort);
  files.onWrite = () => undefined;
  expect(files.writers).toBe(0);
}

describe('a server that stalls', () => {
  it.each([
    ['before it answers', { kind: 'silence' }],
    ['in the middle of a file', { kind: 'stall', after: 1000 }],
  ] as const)('%s is asked again, with a notice of the reason', async (_, fault) => {
    const { source, files, options, notices, clock } = rig();
    const plan = await planInstall(source, options);
    const gate = createGate();
    hub.inject({ path: unet, from: 3, to: 3, faults: [{ ...fault, gate }] });
    const installed = install(plan, files, { ...options, connections: 1 });
    await gate.reached;
    clock.letPass(2 * longestSilence);
    await installed;
    const message = `${base}${unet} has sent nothing for 30 seconds. Trying again in 1 s.`;
    expect(notices).toEqual([{ kind: 'retry', url: base + unet, message, seconds: 0.75 }]);
    expect(clock.timers()).toBe(0);
    await expectWhole(files);
  });
});

describe('a server without range requests', () => {
  beforeEach(() => {
    hub.inject({ faults: [{ kind: 'ignore-range' }] });
  });

  it('sends each large file once', async () => {
    const { source, files, options, notices, clock } = rig();
    const plan = await planInstall(source, options);
    const before = hub.fetched(unet).requests;
    await install(plan, files, options);
    expect(hub.fetched(unet).requests - before).toBe(1);
    expect(notices).toEqual([]);
    expect(clock.timers()).toBe(0);
    await expectWhole(files);
  });

  it('may lose connections, with some progress each time', async () => {
    const { source, files, options, notices } = rig();
    const plan = await planInstall(source, options);
    const lost = [20_000, 21_000, 60_000, 61_000, 100_000];
    for (const [index, after] of lost.entries()) {
      hub.inject({ path: unet, from: index + 1, to: index + 1, faults: [{ kind: 'drop', after }] });
    }
    await install(plan, files, options);
    expect(notices.map(({ kind, url }) => [kind, url])).toEqual(lost.map(() => ['retry', base + unet]));
    expect(notices.at(-1)?.message).toContain('comes again');
    await expectWhole(files);
  });

  it('resumes with the missing chunks after a pause, with a notice that the file is downloaded again', async () => {
    const parts = rig();
    await stopAfter(12, parts);
    const { source, files, options, notices } = parts;
    expect(notices).toEqual([]);
    let written = 0;
    files.onWrite = (_, name) => {
      if (name === unetFile) written++;
    };
    await install(source, files, options);
    expect(notices.filter(({ kind }) => kind === 'whole').map(({ url }) => url)).toContain(base + unet);
    const { files: fresh, options: same } = rig();
    let all = 0;
    fresh.onWrite = (_, name) => {
      if (name === unetFile) all++;
    };
    await install(source, fresh, same);
    expect(written).toBeLessThanOrEqual(all - 11);
    await expectWhole(files);
  });

  it('is resumed with ranges once it supports them', async () => {
    const parts = rig();
    await stopAfter(12, parts);
    hub.reset();
    const { source, files, options } = parts;
    await install(source, files, options);
    expect(hub.requests.every(({ status, at }) => status === 206 || at === 'resolve')).toBe(true);
    await expectWhole(files);
  });

  it('makes the installation fall back from weights that cannot be read in order', async () => {
    const { source, files, options, notices } = rig();
    const weights = [torchFile, ...source.unet.weights];
    await install({ ...source, unet: { ...source.unet, weights } }, files, options);
    expect(notices.filter(({ kind }) => kind === 'fallback').map(({ url }) => url)).toEqual([torchFile]);
    await expectWhole(files);

    const alone: ModelSource = { ...source, unet: { ...source.unet, weights: [torchFile] } };
    expect(await failure(planInstall(alone, options))).toMatchObject({
      code: 'no-ranges',
      details: { url: base + torchFile },
    });
  });
});
