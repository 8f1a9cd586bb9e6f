import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { AdaptiveSampling } from '../../../src/animation/adaptive.ts';
import { segmentBatches, renderSegment, smooth } from '../../../src/animation/index.ts';
import type { GeneratedFrame, Progress, PromptEmbeds, Watch } from '../../../src/animation/index.ts';
import { isAbort } from '../../../src/base/index.ts';
import type { Picture } from '../../../src/base/index.ts';
import { createCpuCompute } from '../../../src/compute/index.ts';
import { Pipeline } from '../../../src/diffusion/index.ts';
import { createModel, targetFor } from '../../../src/models/index.ts';
import { defaultSettings, framesToMake, planSmooth } from '../../../src/project/index.ts';
import type { SegmentStep, Settings } from '../../../src/project/index.ts';
import { openCpuRuntime } from '../../support/cpu-runtime.ts';
import { cosine, embeddingsOf } from '../../support/likeness.ts';
import { embeddingWidth, tinyModelParts } from '../../support/tiny-model.ts';
import { WatchedRuntime } from '../../support/watched-runtime.ts';
import { noisePicture } from '../compute/support.ts';

const runtime = new WatchedRuntime(await openCpuRuntime());
const compute = createCpuCompute();
const pipeline = new Pipeline(
  compute,
  runtime,
  createModel(await tinyModelParts(), targetFor('float32', false)),
);
const start = await noisePicture(7, 20, 10);

/** Text embeddings along the first two axes: one positive, one negative. */
const text = new Float32Array(2 * embeddingWidth);
for (const row of [0, 1]) text[row * embeddingWidth + row] = 1;
const promptsOf = (): Promise<PromptEmbeds> =>
  Promise.resolve({ text: compute.upload(text, [2, embeddingWidth]), positives: 1, negatives: 1 });

const settings: Settings = {
  ...defaultSettings,
  mode: 'smooth',
  frames: 2,
  intermediate: 3,
  batchSize: 2,
  steps: 2,
  width: 16,
  height: 12,
  seed: 11,
};

/** A stored frame of an animation. */
interface EarlierFrame {
  readonly picture: Picture;
  readonly settings: Settings;
  readonly leg?: SegmentStep | undefined;
}

/** Makes the next frames of an animation. */
async function* next(
  kept: readonly EarlierFrame[],
  change: Partial<Settings> = {},
  watch: Watch = {},
): AsyncGenerator<GeneratedFrame, void, undefined> {
  const wanted = { ...settings, ...change };
  const prompts = await promptsOf();
  try {
    const plan = planSmooth(start, kept, wanted);
    const last = kept.at(-1)?.picture ?? start;
    const input = { plan, last, origin: start, settings: wanted, prompts, promptsOf };
    yield* smooth(pipeline, input, watch);
  } finally {
    prompts.text?.dispose();
  }
}

/** Appends the next frames to an animation; at most `most`. */
async function extended(
  kept: readonly EarlierFrame[],
  change: Partial<Settings> = {},
  most = Infinity,
): Promise<EarlierFrame[]> {
  const all = [...kept];
  for await (const { picture, leg } of next(kept, change)) {
    all.push({ picture, leg, settings: { ...settings, ...change } });
    if (all.length - kept.length === most) break;
  }
  return all;
}

/** Generates a whole animation with callbacks. */
async function watched(change: Partial<Settings>, watch: Watch): Promise<GeneratedFrame[]> {
  const frames: GeneratedFrame[] = [];
  for await (const frame of next([], change, watch)) frames.push(frame);
  return frames;
}

const pixels = (frames: readonly Pick<EarlierFrame, 'picture'>[]) =>
  frames.map(({ picture }) => Buffer.from(picture.data).toString('base64'));
const segmentSteps = (frames: readonly EarlierFrame[]) =>
  frames.map(({ leg }) => leg && `${leg.step}/${leg.of}${leg.home ? ' home' : ''}`);

/** Mean square difference of two pictures. */
function difference(a: EarlierFrame | undefined, b: EarlierFrame | undefined): number {
  if (!a || !b) throw new Error('a frame is missing');
  const [one, other] = [[...a.picture.data], [...b.picture.data]];
  expect(one.length).toBe(other.length);
  return one.reduce((sum, value, i) => sum + (value - (other[i] ?? 0)) ** 2, 0) / one.length;
}

/** Number of live tensors before a test, and after it. */
let before: number;
beforeEach(() => {
  before = compute.liveTensors;
  runtime.runs.length = 0;
  runtime.onRun = () => undefined;
});

afterAll(async () => {
  await pipeline.release();
  expect(runtime.liveSessions).toBe(0);
});

describe('smooth mode', () => {
  it('yields a variant of the start picture, then for each further variant the frames that lead to it', async () => {
    const reported: number[] = [];
    const frames: EarlierFrame[] = [];
    for await (const { index, picture, leg, seconds } of next([])) {
      reported.push(index);
      frames.push({ picture, leg, settings });
      expect([picture.width, picture.height, picture.data.length]).toEqual([16, 12, 4 * 16 * 12]);
      expect(seconds).toBeGreaterThan(0);
    }
    expect(reported).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(segmentSteps(frames)).toEqual([undefined, '1/3', '2/3', '3/3', '1/3', '2/3', '3/3']);
    expect(new Set(pixels(frames).map(String)).size).toBe(7);
    expect(compute.liveTensors).toBe(before);
  });

  it('yields the predicted number of frames, in batches that need not divide a segment', async () => {
    for (const intermediate of [1, 2, 5]) {
      for (const batchSize of [1, 2, 4]) {
        for (const closeLoop of [false, true]) {
          const change = { intermediate, batchSize, closeLoop, steps: 1 };
          const frames = await extended([], change);
          const forereported = framesToMake(planSmooth(start, [], { ...settings, ...change }), {
            ...settings,
            ...change,
          });
          expect(frames).toHaveLength(forereported);
          expect(frames).toHaveLength(1 + (closeLoop ? 3 : 2) * intermediate);
        }
      }
    }
  });

  it('encodes one picture for each variant and each frame, and denoises in batches', async () => {
    await extended([], { intermediate: 5 });
    const counts = ['image encoder', 'UNet', 'decoder'].map((name) => runtime.count(name));
    expect(counts).toEqual([2 + 3 + 11, 2 * (1 + 2 * 3), 1 + 2 * 3]);
  });

  it('gives the same pixels for the same seed and different ones for another seed', async () => {
    const frames = pixels(await extended([]));
    expect(pixels(await extended([]))).toEqual(frames);
    expect(pixels(await extended([], { seed: 12 }))[0]).not.toEqual(frames[0]);
  });

  it('with a faster speed makes the frames of the reduced number of steps, and reports progress for those steps only', async () => {
    const reported: Progress[] = [];
    const watch = { onProgress: (progress: Progress) => void reported.push(progress) };
    const fastest = await watched({ frames: 1, steps: 5, speed: 'fastest' }, watch);
    expect(pixels(fastest)).toEqual(pixels(await watched({ frames: 1, steps: 2 }, {})));
    expect(new Set(reported.filter(({ stage }) => stage === 'denoise').map(({ of }) => of))).toEqual(
      new Set([2]),
    );
    expect(reported.at(-1)?.secondsLeft).toBe(0);
  });

  it('does not depend on the batch size', async () => {
    const frames = await extended([]);
    for (const batchSize of [1, 3]) {
      const others = await extended([], { batchSize });
      for (const [index, frame] of frames.entries()) {
        // Sums of batches may have another order, which may change a pixel by one level.
        expect(difference(frame, others[index])).toBeLessThan(0.1);
      }
    }
  });

  it('takes smaller steps between frames with more intermediate frames', async () => {
    const stride = async (intermediate: number) => {
      const frames = await extended([], { frames: 1, intermediate, batchSize: 8, guidanceScale: 1 });
      const steps = frames.slice(1).map((frame, index) => difference(frame, frames[index]));
      return steps.reduce((sum, step) => sum + step, 0) / steps.length;
    };
    const [coarse, fine] = [await stride(2), await stride(32)];
    expect(fine).toBeLessThan(coarse / 16);
  });

  it('with easing takes shorter first and last steps of a segment and reaches the same end', async () => {
    const even = await extended([], { frames: 1, intermediate: 6 });
    const eased = await extended([], { frames: 1, intermediate: 6, easing: 'in-out' });
    expect(pixels(eased).at(-1)).toEqual(pixels(even).at(-1));
    expect(difference(eased[0], eased[1])).toBeLessThan(difference(even[0], even[1]));
    expect(difference(eased[5], eased[6])).toBeLessThan(difference(even[5], even[6]));
  });
});

describe('a closed loop', () => {
  it('ends with its first frame, up to decoder rounding', async () => {
    const frames = await extended([], { closeLoop: true });
    expect(segmentSteps(frames).slice(-3)).toEqual(['1/3 home', '2/3 home', '3/3 home']);
    const seam = difference(frames[0], frames.at(-1));
    expect(seam).toBeLessThan(0.1);
    expect(difference(frames[0], frames.at(-2))).toBeGreaterThan(10 * seam);
    expect(compute.liveTensors).toBe(before);
  });

  it('keeps unit variance of the noise on the way back to the first frame', async () => {
    const frames: GeneratedFrame[] = [];
    const strengths: number[] = [];
    // The first input of the UNet is the noise itself, here without the unconditional half.
    runtime.onRun = (name, { sample }) => {
      if (name !== 'UNet' || runtime.count(name) % 2 === 0 || sample?.device !== 'cpu') return;
      const values = [...sample.data];
      strengths.push(Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0) / values.length));
    };
    const change = { closeLoop: true, guidanceScale: 1, batchSize: 1, intermediate: 4, noiseShift: 0.1 };
    for await (const frame of next([], change)) frames.push(frame);
    expect(strengths).toHaveLength(frames.length);
    const first = strengths[0] ?? NaN;
    for (const strength of strengths.slice(1)) expect(Math.abs(strength / first - 1)).toBeLessThan(0.15);
  });

  it('returns to the first frame of a continued animation, however that was made', async () => {
    const plain = await extended([], { frames: 1 });
    const closed = await extended(plain, { frames: 1, closeLoop: true, intermediate: 2, seed: 4 });
    expect(difference(closed[0], closed.at(-1))).toBeLessThan(0.1);
  });
});

describe('continuing', () => {
  // After frame 7 only the closing segment is missing; the next run starts with new segments.
  it.each([1, 2, 3, 4, 5, 6, 8, 9])(
    'after %d frames makes the frames of an uninterrupted run',
    async (cut) => {
      const change = { closeLoop: true };
      const whole = await extended([], change);
      const part = await extended([], change, cut);
      expect(part).toHaveLength(cut);
      // The missing variants, including the one in progress.
      const segmentsLeft = Math.min(2, Math.ceil((7 - cut) / 3));
      const rest = await extended(part, { ...change, ...(segmentsLeft > 0 && { frames: segmentsLeft }) });
      expect(pixels(rest)).toEqual(pixels(whole));
      expect(segmentSteps(rest)).toEqual(segmentSteps(whole));
      expect(compute.liveTensors).toBe(before);
    },
  );

  it('with other settings starts from the last frame without a jump', async () => {
    const part = await extended([], { intermediate: 6 }, 4);
    const on = await extended(part, { intermediate: 6, seed: 99, noiseShift: 0.1 });
    expect(segmentSteps(on).slice(4, 10)).toEqual(['1/6', '2/6', '3/6', '4/6', '5/6', '6/6']);
    const strides = on.slice(1).map((frame, index) => difference(frame, on[index]));
    // No jump at the transition between the two runs.
    expect(strides[3]).toBeLessThan(difference(on[0], on.at(-1)));
    // The next segment continues there, although the previous one was never finished.
    const further = await extended(on, { frames: 1 });
    expect(further).toHaveLength(on.length + 3);
  });

  it('after automatic frames starts at the last of them', async () => {
    const automatic: EarlierFrame = {
      picture: (await extended([], { frames: 1 }, 1))[0]?.picture ?? start,
      settings: { ...settings, mode: 'automatic' },
    };
    const smoothly = await extended([], { frames: 1 });
    const on = await extended([automatic], { frames: 1 });
    expect(pixels(on)).toEqual(pixels(smoothly));
  });
});

describe('aborting', () => {
  it.each([
    ['encode', 0],
    ['guidance', 0],
    ['denoise', 0],
    ['denoise', 2],
    ['denoise', 4],
    ['decode', 0],
  ] as const)(
    'at %s %d takes effect within one network run and keeps the finished frames',
    async (stage, step) => {
      const change = { steps: 4 };
      const whole = await extended([], change);
      const stop = new AbortController();
      let runsThen = 0;
      const made: GeneratedFrame[] = [];
      const onProgress = (progress: Progress) => {
        if (progress.frame !== 4 || progress.stage !== stage || progress.step !== step) return;
        stop.abort();
        runsThen = runtime.runs.length;
      };
      const run = (async () => {
        for await (const frame of next([], change, { signal: stop.signal, onProgress })) made.push(frame);
      })();
      await expect(run).rejects.toSatisfy(isAbort);
      expect(runtime.runs.length - runsThen).toBeLessThanOrEqual(1);
      expect(pixels(made)).toEqual(pixels(whole).slice(0, 4));
      expect(compute.liveTensors).toBe(before);
    },
  );

  it('before the first frame makes nothing', async () => {
    const watch = { signal: AbortSignal.abort(new Error('enough')) };
    await expect(next([], {}, watch).next()).rejects.toThrow('enough');
    expect(runtime.runs).toEqual([]);
  });

  it.each(['image encoder', 'UNet', 'decoder'])(
    'by a failure of the %s frees all tensors',
    async (network) => {
      runtime.onRun = (name) => {
        if (name === network && runtime.count(name) === 2) throw new Error('device lost');
      };
      await expect(extended([], { closeLoop: true })).rejects.toThrow('device lost');
      expect(compute.liveTensors).toBe(before);
    },
  );
});

describe('watchers', () => {
  it('receive all frames in order with their batch sizes, and the time left falls to 0', async () => {
    const reported: Progress[] = [];
    await watched({}, { onProgress: (progress) => reported.push(progress) });
    expect(reported.filter(({ stage }) => stage === 'encode').map(({ frame }) => frame)).toEqual([0, 1, 4]);
    const batches = reported.filter(({ stage, step }) => stage === 'denoise' && step === 0);
    expect(batches.map(({ frame, batch }) => [frame, batch])).toEqual([
      [0, 1],
      [1, 2],
      [3, 1],
      [4, 2],
      [6, 1],
    ]);
    expect(reported.every(({ frames }) => frames === 7)).toBe(true);
    expect(reported.at(-1)).toMatchObject({ stage: 'decode', step: 1, secondsLeft: 0 });
  });

  it('receive previews of the next frame', async () => {
    const shown: number[] = [];
    const watch: Watch = {
      onPreview: (frame, { width, height }) => {
        expect([width, height]).toEqual([8, 6]);
        shown.push(frame);
      },
    };
    await watched({ steps: 4 }, watch);
    expect(new Set(shown)).toEqual(new Set([0, 1, 3, 4, 6]));
    expect(compute.liveTensors).toBe(before);
  });

  it('receive how far guidance moved the goal, and the similarity of each frame to the prompts', async () => {
    const insights = (await watched({}, {})).map(({ insight }) => insight);
    for (const { guidance, positivesAfter, negativesAfter } of insights) {
      expect(guidance).toBeLessThan(1);
      expect([positivesAfter, negativesAfter]).not.toContain(null);
    }
    // One goal per segment, and an interpolated value per frame.
    expect(new Set(insights.map(({ guidance }) => guidance)).size).toBe(3);
    expect(new Set(insights.map(({ positivesAfter }) => positivesAfter)).size).toBe(7);
  });

  it('receive the similarity of each frame to the previous one and to the start, also in a segment that was interrupted', async () => {
    const whole = await watched({}, {});
    const embeddings = await embeddingsOf(pipeline, [start, ...whole.map(({ picture }) => picture)]);
    const expected = whole.map((_, i) => [
      cosine(embeddings[i + 1], embeddings[i]),
      cosine(embeddings[i + 1], embeddings[0]),
    ]);
    const close = ({ insight }: GeneratedFrame, [predecessor = NaN, toStart = NaN]: number[] = []) => {
      expect(insight.predecessor).toBeCloseTo(predecessor, 5);
      expect(insight.start).toBeCloseTo(toStart, 5);
    };
    for (const [index, frame] of whole.entries()) close(frame, expected[index]);

    // Stopped within a batch of the first segment, after its first frame.
    const kept = whole.slice(0, 2).map(({ picture, leg }) => ({ picture, leg, settings }));
    let index = 2;
    for await (const frame of next(kept, { frames: 1 })) close(frame, expected[index++]);
    expect(index).toBeGreaterThan(2);
  });
});

describe('a segment that was interrupted', () => {
  it('is finished in the batches of an uninterrupted run', async () => {
    const row = (dims: number[], value: number) =>
      compute.upload(new Float32Array(dims.reduce((a, b) => a * b, 1)).fill(value), dims);
    const ends = {
      startEmbeds: row([1, embeddingWidth], 1),
      goalEmbeds: row([1, embeddingWidth], 2),
      startNoise: row([1, 4, 6, 8], 0.5),
      newNoise: row([1, 4, 6, 8], -0.5),
    };
    const segment = { ...ends, intermediate: 7, noiseShift: 0.4, batchSize: 3 };
    const firsts = (done: number) =>
      [...segmentBatches(pipeline, { ...segment, done })].map(({ first, embeds, noise }) => {
        embeds.dispose();
        noise.dispose();
        return first;
      });
    expect([0, 2, 3, 5, 6, 7].map(firsts)).toEqual([[0, 3, 6], [0, 3, 6], [3, 6], [3, 6], [6], []]);

    const steps = { steps: 1, guidanceScale: 2 };
    const sizes: number[] = [];
    for await (const { pictures } of renderSegment(pipeline, { ...segment, done: 4 }, steps)) {
      sizes.push(pictures.length);
    }
    expect(sizes).toEqual([3, 1]);
    for (const tensor of Object.values(ends)) tensor.dispose();
  });
});

describe('adaptive sampling', () => {
  const adaptive = { easing: 'adaptive', intermediate: 5 } as const;

  it('yields every segment in order, from the same start to the same end as evenly spaced frames', async () => {
    const frames = await extended([], adaptive);
    const even = await extended([], { ...adaptive, easing: 'linear' });
    expect(segmentSteps(frames)).toEqual(segmentSteps(even));
    const ends = (all: readonly EarlierFrame[]) => pixels([0, 5].map((at) => all[at] ?? { picture: start }));
    expect(ends(frames)).toEqual(ends(even));
    const positions = frames.slice(1, 6).map(({ leg }) => leg?.at ?? NaN);
    expect(positions.at(-1)).toBe(1);
    for (const [index, at] of positions.entries()) expect(at).toBeGreaterThan(positions[index - 1] ?? 0);
    expect(compute.liveTensors).toBe(before);
  });

  it.each([1, 3, 5, 6, 8])('after %d frames makes the frames of an uninterrupted run', async (cut) => {
    const whole = await extended([], adaptive);
    const part = await extended([], adaptive, cut);
    const segmentsLeft = Math.min(2, Math.ceil((11 - cut) / 5));
    const rest = await extended(part, { ...adaptive, frames: segmentsLeft });
    expect(pixels(rest)).toEqual(pixels(whole));
    expect(rest.map(({ leg }) => leg)).toEqual(whole.map(({ leg }) => leg));
  });

  it('continues from the position of a frame, not from its number', async () => {
    const part = await extended([], adaptive, 4);
    // The first new frame is barely on the way, so it shows what it starts from.
    const near = { easing: 'linear', intermediate: 100, noiseShift: 0, frames: 1 } as const;
    const [next] = (await extended(part, near, 1)).slice(-1);
    const wrong = part.map(({ picture, settings: made, leg }) => ({
      picture,
      settings: made,
      ...(leg && { leg: { step: leg.step, of: leg.of, home: leg.home, at: 0.01 } }),
    }));
    const [lost] = (await extended(wrong, near, 1)).slice(-1);
    expect(difference(next, part.at(-1))).toBeLessThan(difference(lost, part.at(-1)));
  });

  it('yields cross-fades at their positions, measured like other frames, without denoising', async () => {
    const grey: Picture = { width: 16, height: 12, data: new Uint8ClampedArray(4 * 16 * 12).fill(99) };
    const order = [0.125, 0.25, 0.5, 0.75, 1];
    const made = async (positions: (number | null)[]) => {
      const next = vi
        .spyOn(AdaptiveSampling.prototype, 'next')
        .mockImplementation(() => positions.shift() ?? null);
      const sampled = vi
        .spyOn(AdaptiveSampling.prototype, 'frames')
        .mockImplementation(() => order.map((at) => ({ at, picture: grey })));
      runtime.runs.length = 0;
      let timeLeft: number | null = null;
      const onProgress = ({ secondsLeft }: Progress) => (timeLeft = secondsLeft);
      const [, ...frames] = await watched({ ...adaptive, frames: 1, closeLoop: false }, { onProgress });
      next.mockRestore();
      sampled.mockRestore();
      expect(timeLeft).toBe(0);
      expect(frames.map(({ leg }) => leg?.at)).toEqual(order);
      return frames.map(({ insight }) => insight);
    };
    const rendered = await made([1, 0.5, 0.125, 0.25, 0.75]);
    // The first frame and five others of two steps each.
    expect(runtime.count('UNet')).toBe(12);
    const faded = await made([1, 0.5, null, 0.25, null]);
    expect(runtime.count('UNet')).toBe(8);
    expect(faded).toEqual(rendered);
    expect(compute.liveTensors).toBe(before);
  });

  it('stops within a segment, and frees what it holds', async () => {
    const controller = new AbortController();
    const runs = watched(adaptive, {
      signal: controller.signal,
      onProgress: ({ frame, stage, step }) => {
        if (frame === 1 && stage === 'denoise' && step === 1) controller.abort();
      },
    });
    await expect(runs).rejects.toSatisfy(isAbort);
    expect(compute.liveTensors).toBe(before);
  });
});
