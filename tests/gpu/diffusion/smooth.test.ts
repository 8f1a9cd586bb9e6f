import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { decode } from 'fast-png';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { smooth } from '../../../src/animation/index.ts';
import type { Frame, Progress, PromptEmbeds, Watch } from '../../../src/animation/index.ts';
import { isAbort } from '../../../src/base/index.ts';
import type { Picture } from '../../../src/base/index.ts';
import { Pipeline } from '../../../src/diffusion/index.ts';
import { createModel } from '../../../src/models/index.ts';
import { defaultSettings, planSmooth } from '../../../src/project/index.ts';
import type { LegStep, Settings } from '../../../src/project/index.ts';
import { openCheckpointFolder } from '../../../tools/checkpoint-folder.ts';
import { openNodeBackend } from '../../../tools/node-runtime.ts';
import type { NodeBackend } from '../../../tools/node-runtime.ts';
import { watchGpu } from '../../support/gpu-memory.ts';
import type { GpuWatch } from '../../support/gpu-memory.ts';

const golden = fileURLToPath(new URL('../../golden/shapes/', import.meta.url));
const settings: Settings = {
  ...defaultSettings,
  mode: 'smooth',
  width: 64,
  height: 64,
  frames: 1,
  intermediate: 3,
  batchSize: 2,
  steps: 2,
  // Without the unconditional half: what is tested here needs no second row for each frame.
  guidanceScale: 1,
  seed: 11,
};
const prompts: PromptEmbeds = { text: null, positives: 0, negatives: 0 };

let watch: GpuWatch;
let backend: NodeBackend;
let pipeline: Pipeline;
let start: Picture;

beforeAll(async () => {
  watch = watchGpu();
  const opened = await openNodeBackend('webgpu');
  if ('reason' in opened) throw new Error(opened.reason);
  backend = opened;
  const parts = await openCheckpointFolder(`${golden}checkpoint`);
  pipeline = new Pipeline(backend.compute, backend.runtime, createModel(parts, backend.target));
  const { width, height, data } = decode(await readFile(`${golden}start.png`));
  const rgba = new Uint8ClampedArray(4 * width * height).fill(255);
  for (let i = 0; i < width * height; i++) rgba.set(data.slice(3 * i, 3 * i + 3), 4 * i);
  start = { width, height, data: rgba };
});

afterAll(async () => {
  await pipeline.release();
  expect(backend.runtime.liveSessions).toBe(0);
  backend.dispose();
  watch.end();
});

interface Kept {
  readonly picture: Picture;
  readonly settings: Settings;
  readonly leg?: LegStep | undefined;
}

/** The next frames after those that are there; after so many, whoever watches has seen enough. */
async function run(
  kept: readonly Kept[],
  change: Partial<Settings> = {},
  watching: Watch = {},
  most = Infinity,
): Promise<Kept[]> {
  const wanted = { ...settings, ...change };
  const input = {
    plan: planSmooth(start, kept, wanted),
    settings: wanted,
    prompts,
    promptsOf: () => Promise.resolve(prompts),
  };
  const frames: Kept[] = [];
  for await (const { picture, leg } of smooth(pipeline, input, watching)) {
    frames.push({ picture, leg, settings: wanted });
    if (frames.length === most) break;
  }
  return frames;
}

const pixels = (frames: readonly Kept[]) => frames.map(({ picture }) => picture.data);

/** Peak signal-to-noise ratio of two pictures in decibels. */
function likeness(a: Kept | undefined, b: Kept | undefined): number {
  if (!a || !b) throw new Error('a frame is missing');
  const [one, other] = [[...a.picture.data], [...b.picture.data]];
  const mean = one.reduce((sum, value, i) => sum + (value - (other[i] ?? NaN)) ** 2, 0) / one.length;
  return 10 * Math.log10(255 ** 2 / mean);
}

describe('smooth mode on the GPU', () => {
  it('closes the loop: the last frame is the first, within the decoder’s noise', async () => {
    const frames = await run([], { closeLoop: true });
    expect(frames).toHaveLength(1 + 3 + 3);
    expect(likeness(frames[0], frames.at(-1))).toBeGreaterThan(45);
    expect(likeness(frames[0], frames[3])).toBeLessThan(45);
  });

  it('goes on from a leg that was stopped to the frames that it would have had', async () => {
    const whole = await run([]);
    const part = await run([], {}, {}, 3);
    expect(pixels([...part, ...(await run(part))])).toEqual(pixels(whole));
  });

  it('reads back once for a batch', async () => {
    const before = watch.readBacks;
    await run([]);
    expect(watch.readBacks - before).toBe(3);
  });

  it('obeys a stop within one denoising step, and leaks no GPU buffer in many', async () => {
    const stopAt = async ({ frame, step }: { frame: number; step: number }) => {
      const stop = new AbortController();
      const after: Progress[] = [];
      const made: Frame['index'][] = [];
      const stopped = run(
        [],
        { steps: 3, closeLoop: true },
        {
          signal: stop.signal,
          onProgress: (progress) => {
            if (stop.signal.aborted) after.push(progress);
            if (progress.stage === 'decode' && progress.step === 1) made.push(progress.frame);
            const { stage } = progress;
            if (progress.frame === frame && stage === 'denoise' && progress.step === step) stop.abort();
          },
        },
      );
      await expect(stopped).rejects.toSatisfy(isAbort);
      expect(after.filter(({ stage }) => stage === 'denoise').length).toBeLessThanOrEqual(1);
      expect(made.every((index) => index < frame)).toBe(true);
    };
    const places = [
      { frame: 1, step: 0 },
      { frame: 4, step: 2 },
    ];
    // The first stops fill ONNX Runtime's own cache of buffers; from then on nothing may be added.
    for (const place of places) await stopAt(place);
    await backend.compute.idle();
    const [buffers, bytes, tensors] = [watch.buffers, watch.bytes, backend.compute.liveTensors];
    for (let round = 0; round < 2; round++) for (const place of places) await stopAt(place);
    await backend.compute.idle();
    expect(backend.compute.liveTensors).toBe(tensors);
    expect(watch.bytes).toBeLessThanOrEqual(bytes);
    expect(watch.buffers).toBeLessThanOrEqual(buffers);
  });
});
