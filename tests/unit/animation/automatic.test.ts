import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { automatic } from '../../../src/animation/index.ts';
import type { GeneratedFrame, PromptEmbeds, Progress, Watch } from '../../../src/animation/index.ts';
import { isAbort } from '../../../src/base/index.ts';
import type { Picture } from '../../../src/base/index.ts';
import { createCpuCompute } from '../../../src/compute/index.ts';
import { Pipeline } from '../../../src/diffusion/index.ts';
import { createModel, targetFor } from '../../../src/models/index.ts';
import { defaultSettings } from '../../../src/project/index.ts';
import type { Settings } from '../../../src/project/index.ts';
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

/** Text embeddings along the first three axes: two positive, one negative. */
const text = new Float32Array(3 * embeddingWidth);
for (const row of [0, 1, 2]) text[row * embeddingWidth + row] = 1;
const prompts: PromptEmbeds = {
  text: compute.upload(text, [3, embeddingWidth]),
  positives: 2,
  negatives: 1,
};
const noPrompts: PromptEmbeds = { text: null, positives: 0, negatives: 0 };

const settings: Settings = { ...defaultSettings, frames: 3, steps: 3, width: 16, height: 12, seed: 11 };

interface Run {
  readonly start?: Picture | undefined;
  readonly origin?: Picture;
  readonly firstFrame?: number;
  readonly settings?: Partial<Settings>;
  readonly prompts?: PromptEmbeds;
  readonly watch?: Watch;
}

function begin(run: Run = {}): AsyncGenerator<GeneratedFrame, void, undefined> {
  const input = {
    start: run.start ?? start,
    origin: run.origin,
    firstFrame: run.firstFrame ?? 0,
    settings: { ...settings, ...run.settings },
    prompts: run.prompts ?? prompts,
  };
  return automatic(pipeline, input, run.watch);
}

async function make(run: Run = {}): Promise<GeneratedFrame[]> {
  const frames: GeneratedFrame[] = [];
  for await (const frame of begin(run)) frames.push(frame);
  return frames;
}

const pixels = (frames: readonly GeneratedFrame[]) => frames.map(({ picture }) => [...picture.data]);

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

describe('automatic mode', () => {
  it('yields the requested number of frames, in order and of the requested size', async () => {
    const frames = await make();
    expect(frames.map(({ index }) => index)).toEqual([0, 1, 2]);
    for (const { picture, seconds } of frames) {
      expect([picture.width, picture.height, picture.data.length]).toEqual([16, 12, 4 * 16 * 12]);
      expect(seconds).toBeGreaterThan(0);
    }
    expect(new Set(pixels(frames).map(String)).size).toBe(3);
    expect(compute.liveTensors).toBe(before);
  });

  it('gives the same pixels for the same seed', async () => {
    expect(pixels(await make())).toEqual(pixels(await make()));
  });

  it('gives different pixels for a different seed, scale, start picture or first frame number', async () => {
    const [frame] = pixels(await make({ settings: { frames: 1 } }));
    const others = await Promise.all(
      [
        { settings: { frames: 1, seed: 12 } },
        { settings: { frames: 1, positiveScale: 0 } },
        { settings: { frames: 1, guidanceScale: 2 } },
        { settings: { frames: 1 }, start: await noisePicture(8, 20, 10) },
        { settings: { frames: 1 }, firstFrame: 1 },
      ].map(async (run) => pixels(await make(run))[0]),
    );
    for (const other of others) expect(other).not.toEqual(frame);
  });

  it('with a faster speed makes the frames of the reduced number of steps, and reports progress for those steps only', async () => {
    const reported: Progress[] = [];
    const watch = { onProgress: (progress: Progress) => void reported.push(progress) };
    const fast = await make({ settings: { frames: 2, steps: 5, speed: 'fast' }, watch });
    expect(pixels(fast)).toEqual(pixels(await make({ settings: { frames: 2, steps: 3 } })));
    expect(new Set(reported.filter(({ stage }) => stage === 'denoise').map(({ of }) => of))).toEqual(
      new Set([3]),
    );
    const exact = await make({ settings: { frames: 2, steps: 5 } });
    expect(pixels(exact)).not.toEqual(pixels(fast));
  });

  it('continued after any frame gives the same frames as an uninterrupted run', async () => {
    const whole = await make({ settings: { frames: 5 } });
    for (const cut of [1, 2, 3, 4]) {
      const last = whole[cut - 1]?.picture ?? start;
      const rest = await make({ settings: { frames: 5 - cut }, firstFrame: cut, start: last });
      expect(pixels(rest)).toEqual(pixels(whole).slice(cut));
    }
  });

  it('runs each network only as often as necessary: every picture is encoded once', async () => {
    await make({ settings: { frames: 1, steps: 1 } });
    runtime.runs.length = 0;
    await make({ settings: { frames: 2, steps: 4 } });
    const counts = ['image encoder', 'context', 'UNet', 'decoder'].map((name) => runtime.count(name));
    expect(counts).toEqual([3, 2, 8, 2]);
  });

  it('is lazy: no frame is made before it is requested', async () => {
    const frames = begin();
    await frames.next();
    expect(runtime.count('decoder')).toBe(1);
    await frames.return();
    expect(compute.liveTensors).toBe(before);
  });
});

describe('the insight of a frame', () => {
  it('shows that guidance moved the embedding toward positive and away from negative prompts', async () => {
    for (const { insight } of await make()) {
      expect(insight.guidance).toBeLessThan(1);
      expect(insight.positivesAfter).toBeGreaterThan(insight.positivesBefore ?? NaN);
      expect(insight.negativesAfter).toBeLessThan(insight.negativesBefore ?? NaN);
    }
  });

  it('shows no movement when guidance is turned off', async () => {
    for (const { insight } of await make({ settings: { repeats: 0 } })) {
      expect(insight.guidance).toBeCloseTo(1, 6);
      expect(insight.positivesAfter).toBe(insight.positivesBefore);
      expect(insight.negativesAfter).toBe(insight.negativesBefore);
    }
  });

  it('has null similarities for a side without prompts', async () => {
    const [{ insight } = { insight: null }] = await make({ settings: { frames: 1 }, prompts: noPrompts });
    expect(insight?.guidance).toBeCloseTo(1, 6);
    expect(insight).toMatchObject({
      positivesBefore: null,
      positivesAfter: null,
      negativesBefore: null,
      negativesAfter: null,
      texture: null,
    });
    const head = compute.upload(text.slice(0, embeddingWidth), [1, embeddingWidth]);
    const [oneSided] = await make({
      settings: { frames: 1 },
      prompts: { text: head, positives: 0, negatives: 1 },
    });
    expect(oneSided?.insight).toMatchObject({ positivesBefore: null, positivesAfter: null });
    expect(oneSided?.insight.negativesBefore).not.toBeNull();
    head.dispose();
  });

  it('has the prompt balance of a picture of noise, the same in every frame and run', async () => {
    const insights = (await make()).map(({ insight }) => insight);
    const again = await make({ start: await noisePicture(8, 20, 10), settings: { frames: 1, seed: 3 } });
    const values = [...insights, ...again.map(({ insight }) => insight)].map(({ texture }) => texture);
    expect(new Set(values).size).toBe(1);
    expect(values[0]).not.toBe(insights[0]?.positivesBefore);
    // The balance of opposite prompts is opposite.
    const order = [2, 0, 1].flatMap((row) => [
      ...text.slice(row * embeddingWidth, (row + 1) * embeddingWidth),
    ]);
    const swapped = compute.upload(Float32Array.from(order), [3, embeddingWidth]);
    const [other] = await make({
      settings: { frames: 1 },
      prompts: { text: swapped, positives: 1, negatives: 2 },
    });
    expect(other?.insight.texture).toBeCloseTo(-(values[0] ?? NaN), 5);
    swapped.dispose();
  });

  it('without prompts the frames equal those made with guidance turned off', async () => {
    const off = await make({ settings: { repeats: 0 } });
    const none = await make({ prompts: noPrompts });
    expect(pixels(none)).toEqual(pixels(off));
  });
});

describe('the similarity of a frame to earlier ones', () => {
  it('is the cosine between the image embeddings', async () => {
    const frames = await make({ settings: { frames: 15 } });
    const embeddings = await embeddingsOf(pipeline, [start, ...frames.map(({ picture }) => picture)]);
    const likeness = (a: number, b: number) => cosine(embeddings[a], embeddings[b]);
    for (const [index, { insight }] of frames.entries()) {
      const position = index + 1;
      expect(insight.start).toBeCloseTo(likeness(position, 0), 5);
      expect(insight.predecessor).toBeCloseTo(likeness(position, position - 1), 5);
      expect(insight.earlier).toHaveLength(Math.min(position, 12) - 1);
      for (const [back, value] of insight.earlier.entries()) {
        expect(value).toBeCloseTo(likeness(position, position - 2 - back), 5);
      }
    }
  });

  it('to the start and to the previous frame does not change when an animation is stopped and continued', async () => {
    const whole = await make({ settings: { frames: 4 } });
    const [, second] = whole;
    const rest = await make({
      settings: { frames: 2 },
      firstFrame: 2,
      start: second?.picture,
      origin: start,
    });
    expect(pixels(rest)).toEqual(pixels(whole).slice(2));
    const measured = (frames: readonly GeneratedFrame[]) =>
      frames.map(({ insight }) => [insight.start, insight.predecessor]);
    expect(measured(rest)).toEqual(measured(whole).slice(2));
  });

  it('is null when the embedding is not finite', async () => {
    const spy = vi.spyOn(compute, 'cosines').mockImplementation((a, b) => {
      const rows = b.dims[0] ?? 0;
      return compute.upload(new Float32Array(rows).fill(NaN), [a.dims[0] ?? 0, rows]);
    });
    const [frame] = await make({ settings: { frames: 1 } });
    spy.mockRestore();
    expect(frame?.insight).toMatchObject({ start: null, predecessor: null, earlier: [] });
  });
});

describe('aborting', () => {
  const stages: [Progress['stage'], number][] = [
    ['encode', 0],
    ['guidance', 0],
    ['denoise', 0],
    ['denoise', 1],
    ['denoise', 3],
    ['denoise', 6],
    ['decode', 0],
  ];
  it.each(stages)(
    'at %s %d takes effect within one network run and frees all tensors',
    async (stage, step) => {
      const stop = new AbortController();
      let runsThen = 0;
      const made: GeneratedFrame[] = [];
      const run = (async () => {
        for await (const frame of begin({
          settings: { steps: 6 },
          watch: {
            signal: stop.signal,
            onProgress: (progress) => {
              if (progress.frame !== 1 || progress.stage !== stage || progress.step !== step) return;
              stop.abort();
              runsThen = runtime.runs.length;
            },
          },
        })) {
          made.push(frame);
        }
      })();
      await expect(run).rejects.toSatisfy(isAbort);
      expect(made).toHaveLength(1);
      expect(runtime.runs.length - runsThen).toBeLessThanOrEqual(1);
      expect(compute.liveTensors).toBe(before);
      expect(pixels(await make({ settings: { steps: 6, frames: 1 } }))).toEqual(pixels(made));
    },
  );

  it('with a custom reason rejects with that reason', async () => {
    const stop = AbortSignal.abort(new Error('enough'));
    await expect(make({ watch: { signal: stop } })).rejects.toThrow('enough');
    expect(runtime.runs).toEqual([]);
  });

  it('between two frames makes no further frame', async () => {
    const stop = new AbortController();
    const frames = begin({ watch: { signal: stop.signal } });
    await frames.next();
    const runs = runtime.runs.length;
    stop.abort();
    await expect(frames.next()).rejects.toSatisfy(isAbort);
    expect(runtime.runs).toHaveLength(runs);
  });
});

describe('a failing network', () => {
  it.each(['image encoder', 'context', 'UNet', 'decoder'])(
    'in the %s frees all tensors, and the next run succeeds',
    async (network) => {
      runtime.onRun = (name) => {
        if (name === network && runtime.count(name) === 2) throw new Error('device lost');
      };
      const watch: Watch = { onPreview: () => undefined };
      await expect(make({ watch })).rejects.toThrow('device lost');
      expect(compute.liveTensors).toBe(before);
      runtime.onRun = () => undefined;
      expect(await make()).toHaveLength(3);
    },
  );
});

describe('watchers', () => {
  it('receive all stages in order, and the time left falls to 0', async () => {
    const reported: Progress[] = [];
    await make({
      settings: { frames: 2, steps: 2 },
      watch: {
        onProgress: (progress) => {
          reported.push(progress);
        },
      },
    });
    const expected = (index: number) =>
      [
        ['encode', 0, 1],
        ['guidance', 0, 1],
        ['denoise', 0, 2],
        ['denoise', 1, 2],
        ['denoise', 2, 2],
        ['decode', 0, 1],
        ['decode', 1, 1],
      ].map(([stage, step, of]) => ({ frame: index, frames: 2, stage, step, of }));
    const stages = reported.map(({ frame, frames, stage, step, of }) => ({ frame, frames, stage, step, of }));
    expect(stages).toEqual([...expected(0), ...expected(1)]);
    expect(reported[0]?.secondsLeft).toBeNull();
    expect(reported.at(-1)?.secondsLeft).toBe(0);
    const known = reported.slice(4).map(({ secondsLeft }) => secondsLeft);
    for (const seconds of known) expect(seconds).toBeGreaterThanOrEqual(0);
  });

  it('receive small previews that change from step to step, and do not change the frames', async () => {
    const shown: { frame: number; picture: Picture }[] = [];
    const frames = await make({
      settings: { steps: 5 },
      watch: {
        onPreview: (frame, picture) => {
          shown.push({ frame, picture });
        },
      },
    });
    expect(new Set(shown.map(({ frame }) => frame))).toEqual(new Set([0, 1, 2]));
    for (const { picture } of shown) {
      expect([picture.width, picture.height, picture.data.length]).toEqual([8, 6, 4 * 8 * 6]);
    }
    const [first, second] = shown;
    expect([...(first?.picture.data ?? [])]).not.toEqual([...(second?.picture.data ?? [])]);
    expect(compute.liveTensors).toBe(before);
    // Callbacks do not change the frames.
    expect(pixels(frames)).toEqual(pixels(await make({ settings: { steps: 5 } })));
  });

  it('receive the last preview before its frame, even if reading it back is slow', async () => {
    const read = compute.read.bind(compute);
    let open: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const spy = vi.spyOn(compute, 'read').mockImplementation(async (tensors, signal) => {
      const data = await read(tensors, signal);
      // The preview's read completes only after the frame's.
      if (tensors[0]?.dims[1] === settings.height) setTimeout(open);
      else await gate;
      return data;
    });
    const reported: string[] = [];
    const watch: Watch = { onPreview: () => reported.push('preview') };
    const run = begin({ settings: { frames: 1 }, prompts: noPrompts, watch });
    for await (const { index } of run) reported.push(`frame ${index}`);
    spy.mockRestore();
    expect(reported).toEqual(['preview', 'frame 0']);
    expect(compute.liveTensors).toBe(before);
  });

  it('that throw do not end the run', async () => {
    const watch: Watch = {
      onPreview: () => {
        throw new Error('no canvas');
      },
    };
    expect(await make({ watch })).toHaveLength(3);
    expect(compute.liveTensors).toBe(before);
  });
});
