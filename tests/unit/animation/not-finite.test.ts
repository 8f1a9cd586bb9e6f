import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { automatic, makeRound, smooth } from '../../../src/animation/index.ts';
import { ModelError } from '../../../src/base/index.ts';
import { defaultSettings } from '../../../src/project/index.ts';
import { failure } from '../../support/failure.ts';
import { poison } from '../../support/poison.ts';
import { tinyPipeline } from '../../support/tiny-pipeline.ts';
import { noisePicture } from '../compute/support.ts';

const { runtime, compute, pipeline, embedPrompts } = await tinyPipeline();
const start = await noisePicture(7, 20, 10);
const settings = { ...defaultSettings, frames: 2, steps: 3, width: 16, height: 12, seed: 11 };
const prompts = { text: null, positives: 0, negatives: 0 };

/** Everything that a run in each mode yields until it ends. */
const modes = {
  automatic: () => automatic(pipeline, { start, firstFrame: 0, settings, prompts }),
  smooth: () =>
    smooth(pipeline, {
      plan: { from: null, source: start, firstFrame: 0, done: 0, segments: 1, closes: false, home: null },
      last: start,
      settings: { ...settings, intermediate: 2 },
      prompts,
      promptsOf: embedPrompts,
    }),
  picking: () =>
    makeRound(pipeline, { start, frame: 0, roll: 0, batch: 2, settings }, embedPrompts, {
      signal: new AbortController().signal,
      previews: () => false,
    }),
};

async function drain(run: AsyncIterable<unknown>): Promise<void> {
  for await (const made of run) expect(made).toBeDefined();
}

afterEach(() => {
  runtime.onRun = () => undefined;
  expect(compute.liveTensors).toBe(0);
});

afterAll(async () => {
  await pipeline.release();
});

describe('output that is not finite', () => {
  const cases = (['automatic', 'smooth', 'picking'] as const).flatMap((mode) =>
    (['UNet', 'decoder'] as const).map((network) => [mode, network] as const),
  );

  it.each(cases)('ends a run in %s mode with an error that names the %s', async (mode, network) => {
    poison(runtime, network, (run) => run === 1);
    const error = await failure(drain(modes[mode]()));
    expect(error).toBeInstanceOf(ModelError);
    expect(error).toMatchObject({ code: 'not-finite', details: { network, type: 'float32' } });
    runtime.onRun = () => undefined;
    await drain(modes[mode]());
  });

  it.each(['automatic', 'smooth', 'picking'] as const)(
    'of the image encoder is not blamed on the UNet: %s mode',
    async (mode) => {
      poison(runtime, 'image encoder');
      const error = await failure(drain(modes[mode]()));
      expect(error).toBeInstanceOf(ModelError);
      expect(error.code).toBe('embedding-not-finite');
    },
  );

  it('is detected without an extra read-back', async () => {
    const read = compute.read.bind(compute);
    let reads = 0;
    compute.read = (...parameters) => {
      reads++;
      return read(...parameters);
    };
    await drain(modes.automatic());
    compute.read = read;
    expect(reads).toBe(settings.frames);
  });
});
