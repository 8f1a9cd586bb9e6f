import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { smooth } from '../../../src/animation/index.ts';
import type { GeneratedFrame, Progress, PromptEmbeds, Watch } from '../../../src/animation/index.ts';
import { isAbort } from '../../../src/base/index.ts';
import type { Picture } from '../../../src/base/index.ts';
import { defaultSettings, planSmooth } from '../../../src/project/index.ts';
import type { SegmentStep, Settings } from '../../../src/project/index.ts';
import { openGoldenGpu } from '../../support/golden-gpu.ts';
import type { GoldenGpu } from '../../support/golden-gpu.ts';

const settings: Settings = {
  ...defaultSettings,
  mode: 'smooth',
  width: 64,
  height: 64,
  frames: 1,
  intermediate: 3,
  batchSize: 2,
  steps: 2,
  // Without the unconditional half, which would double the rows.
  guidanceScale: 1,
  seed: 11,
};
const prompts: PromptEmbeds = { text: null, positives: 0, negatives: 0 };

let gpu: GoldenGpu;
let watch: GoldenGpu['watch'];
let backend: GoldenGpu['backend'];
let pipeline: GoldenGpu['pipeline'];
let start: Picture;

beforeAll(async () => {
  gpu = await openGoldenGpu();
  ({ watch, backend, pipeline, start } = gpu);
});

afterAll(async () => {
  await gpu.close();
});

interface EarlierFrame {
  readonly picture: Picture;
  readonly settings: Settings;
  readonly leg?: SegmentStep | undefined;
}

/** Generates the next frames after the given ones; at most `most`. */
async function run(
  kept: readonly EarlierFrame[],
  change: Partial<Settings> = {},
  watching: Watch = {},
  most = Infinity,
): Promise<EarlierFrame[]> {
  const wanted = { ...settings, ...change };
  const input = {
    plan: planSmooth(start, kept, wanted),
    last: kept.at(-1)?.picture ?? start,
    origin: start,
    settings: wanted,
    prompts,
    promptsOf: () => Promise.resolve(prompts),
  };
  const frames: EarlierFrame[] = [];
  for await (const { picture, leg } of smooth(pipeline, input, watching)) {
    frames.push({ picture, leg, settings: wanted });
    if (frames.length === most) break;
  }
  return frames;
}

const pixels = (frames: readonly EarlierFrame[]) => frames.map(({ picture }) => picture.data);

/** Peak signal-to-noise ratio of two pictures, in dB. */
function psnr(a: EarlierFrame | undefined, b: EarlierFrame | undefined): number {
  if (!a || !b) throw new Error('a frame is missing');
  const [one, other] = [[...a.picture.data], [...b.picture.data]];
  const mean = one.reduce((sum, value, i) => sum + (value - (other[i] ?? NaN)) ** 2, 0) / one.length;
  return 10 * Math.log10(255 ** 2 / mean);
}

describe('smooth mode on the GPU', () => {
  it('closes the loop: the last frame equals the first up to decoder rounding', async () => {
    const frames = await run([], { closeLoop: true });
    expect(frames).toHaveLength(1 + 3 + 3);
    expect(psnr(frames[0], frames.at(-1))).toBeGreaterThan(45);
    expect(psnr(frames[0], frames[3])).toBeLessThan(45);
  });

  it('finishes an interrupted segment with the frames of an uninterrupted run', async () => {
    const whole = await run([]);
    const part = await run([], {}, {}, 3);
    expect(pixels([...part, ...(await run(part))])).toEqual(pixels(whole));
  });

  it('reads back once per batch', async () => {
    const before = watch.readBacks;
    await run([]);
    expect(watch.readBacks - before).toBe(3);
  });

  it('aborts within one denoising step, and leaks no GPU buffer in repeated runs', async () => {
    const stopAt = async ({ frame, step }: { frame: number; step: number }) => {
      const stop = new AbortController();
      const after: Progress[] = [];
      const made: GeneratedFrame['index'][] = [];
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
    const stops = [
      { frame: 1, step: 0 },
      { frame: 4, step: 2 },
    ];
    // The first stops fill ONNX Runtime's buffer cache; later ones must not allocate.
    for (const at of stops) await stopAt(at);
    await backend.compute.idle();
    const [buffers, bytes, tensors] = [watch.buffers, watch.bytes, backend.compute.liveTensors];
    for (let round = 0; round < 2; round++) for (const at of stops) await stopAt(at);
    await backend.compute.idle();
    expect(backend.compute.liveTensors).toBe(tensors);
    expect(watch.bytes).toBeLessThanOrEqual(bytes);
    expect(watch.buffers).toBeLessThanOrEqual(buffers);
  });
});
