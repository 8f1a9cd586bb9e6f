import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { automatic, makeRound } from '../../../src/animation/index.ts';
import type { Candidate, RoundUpdate, RoundInput } from '../../../src/animation/index.ts';
import { isAbort } from '../../../src/base/index.ts';
import { defaultSettings } from '../../../src/project/index.ts';
import { cosine, embeddingsOf } from '../../support/likeness.ts';
import { tinyPipeline } from '../../support/tiny-pipeline.ts';
import { noisePicture } from '../compute/support.ts';

const { runtime, compute, pipeline, embedPrompts } = await tinyPipeline();
const start = await noisePicture(7, 20, 10);
const settings = { ...defaultSettings, frames: 1, steps: 3, width: 16, height: 12, seed: 11 };
const input: RoundInput = { start, frame: 4, roll: 0, batch: 3, settings };
const never = new AbortController().signal;

const begin = (part: Partial<RoundInput> = {}, { signal = never, previews = false } = {}) =>
  makeRound(pipeline, { ...input, ...part }, embedPrompts, { signal, previews: () => previews });

async function eventsOf(round: AsyncIterable<RoundUpdate>): Promise<RoundUpdate[]> {
  const events: RoundUpdate[] = [];
  for await (const event of round) events.push(event);
  return events;
}

async function candidatesOf(part: Partial<RoundInput> = {}): Promise<Candidate[]> {
  const events = await eventsOf(begin(part));
  return events.flatMap((event) => (event.kind === 'candidate' ? [event.candidate] : []));
}

const pixels = (candidates: readonly Candidate[]) => candidates.map(({ picture }) => [...picture.data]);

beforeEach(() => {
  runtime.runs.length = 0;
  runtime.onRun = () => undefined;
  expect(compute.liveTensors).toBe(0);
});

afterAll(async () => {
  await pipeline.release();
  expect(runtime.liveSessions).toBe(0);
});

describe('makeRound', () => {
  it('makes the requested number of distinct candidates, with one UNet evaluation a step for all of them', async () => {
    const candidates = await candidatesOf();
    expect(candidates.map(({ index }) => index)).toEqual([0, 1, 2]);
    expect(new Set(pixels(candidates).map(String)).size).toBe(3);
    for (const { picture } of candidates) expect([picture.width, picture.height]).toEqual([16, 12]);
    const counts = ['image encoder', 'context', 'UNet', 'decoder'].map((name) => runtime.count(name));
    expect(
      counts,
      'runs of each network: the start picture, one of noise and all candidates are encoded',
    ).toEqual([5, 1, 3, 3]);
    expect(compute.liveTensors).toBe(0);

    runtime.runs.length = 0;
    await candidatesOf({ roll: 1 });
    expect(runtime.count('image encoder'), 'the picture of noise is encoded once for a model').toBe(4);
  });

  it('is a function of its input: same candidates for the same input, different ones for another roll, frame, seed or start', async () => {
    const first = pixels(await candidatesOf());
    expect(pixels(await candidatesOf())).toEqual(first);
    for (const other of [
      { roll: 1 },
      { frame: 5 },
      { settings: { ...settings, seed: 12 } },
      { start: await noisePicture(8, 20, 10) },
    ]) {
      for (const candidate of pixels(await candidatesOf(other))) expect(first).not.toContainEqual(candidate);
    }
  });

  it('with a faster speed makes the candidates of the reduced number of steps', async () => {
    const fast = await candidatesOf({ settings: { ...settings, steps: 5, speed: 'fast' } });
    expect(pixels(fast)).toEqual(pixels(await candidatesOf()));
  });

  it('numbers candidates so that no two rolls of a frame share noise', async () => {
    const names = (await Promise.all([0, 1, 2].map((roll) => candidatesOf({ roll, batch: 16 })))).flat();
    expect(new Set(names.map(({ variant }) => variant)).size).toBe(48);
  });

  it('makes as first candidate the frame that automatic mode would make', async () => {
    const [candidate] = await candidatesOf({ batch: 1 });
    const prompts = await embedPrompts();
    const frames = automatic(pipeline, { start, firstFrame: 4, settings, prompts });
    for await (const frame of frames) {
      expect([...frame.picture.data]).toEqual([...(candidate?.picture.data ?? [])]);
      expect(candidate?.insight).toEqual(frame.insight);
    }
    prompts.text?.dispose();
  });

  it('compares each candidate with its start picture and with the first picture of the animation', async () => {
    const origin = await noisePicture(9, 20, 10);
    const candidates = await candidatesOf({ origin });
    const pictures = candidates.map(({ picture }) => picture);
    const embeddings = await embeddingsOf(pipeline, [origin, start, ...pictures]);
    for (const [index, { insight }] of candidates.entries()) {
      const own = embeddings[2 + index];
      expect(insight.start).toBeCloseTo(cosine(own, embeddings[0]), 5);
      expect(insight.predecessor).toBeCloseTo(cosine(own, embeddings[1]), 5);
    }
    expect(new Set(candidates.map(({ insight }) => insight.predecessor)).size).toBe(3);
    expect(compute.liveTensors).toBe(0);
  });

  it('yields progress and previews of all candidates', async () => {
    const events = await eventsOf(begin({ settings: { ...settings, steps: 4 } }, { previews: true }));
    const reported = events.flatMap((event) =>
      event.kind === 'progress' ? [`${event.stage} ${event.step}/${event.of}`] : [],
    );
    expect(reported).toEqual([
      'encode 0/1',
      ...[0, 1, 2, 3, 4].map((step) => `denoise ${step}/4`),
      ...[1, 2, 3].map((step) => `decode ${step}/3`),
    ]);
    const previews = events.flatMap((event) => (event.kind === 'preview' ? [event.pictures] : []));
    expect(previews.length).toBeGreaterThan(1);
    for (const pictures of previews) {
      expect(pictures.map(({ width, height }) => [width, height])).toEqual([
        [8, 6],
        [8, 6],
        [8, 6],
      ]);
    }
    const lastPreview = events.findLastIndex(({ kind }) => kind === 'preview');
    expect(lastPreview).toBeLessThan(events.findIndex(({ kind }) => kind === 'candidate'));
  });

  it('is lazy, and frees all tensors wherever it is ended', async () => {
    const length = (await eventsOf(begin({}, { previews: true }))).length;
    for (let stop = 0; stop < length; stop++) {
      const round = begin({}, { previews: true });
      for (let i = 0; i < stop; i++) await round.next();
      const runs = runtime.runs.length;
      await new Promise(setImmediate);
      expect(runtime.runs).toHaveLength(runs);
      await round.return();
      expect(compute.liveTensors).toBe(0);
      expect(runtime.runs).toHaveLength(runs);
    }
  });

  it('interleaved with another round yields the same candidates as alone', async () => {
    const alone = [pixels(await candidatesOf()), pixels(await candidatesOf({ roll: 1 }))];
    const rounds = [begin(), begin({ roll: 1 })];
    const made: Candidate[][] = [[], []];
    for (let open = 2; open > 0;) {
      open = 0;
      for (const [which, round] of rounds.entries()) {
        const { done, value } = await round.next();
        if (!done) open++;
        if (!done && value.kind === 'candidate') made[which]?.push(value.candidate);
      }
    }
    expect(made.map(pixels)).toEqual(alone);
  });

  it('aborts within one network run and frees all tensors', async () => {
    for (const at of ['encode 0', 'denoise 0', 'denoise 2', 'denoise 3', 'decode 1']) {
      const stop = new AbortController();
      let runsThen = NaN;
      const run = (async () => {
        for await (const event of begin({}, { signal: stop.signal })) {
          if (event.kind !== 'progress' || `${event.stage} ${event.step}` !== at) continue;
          stop.abort();
          runsThen = runtime.runs.length;
        }
      })();
      await expect(run).rejects.toSatisfy(isAbort);
      expect(runtime.runs.length - runsThen).toBeLessThanOrEqual(1);
      expect(compute.liveTensors).toBe(0);
    }
  });

  it.each(['image encoder', 'context', 'UNet', 'decoder'])(
    'that fails in the %s frees all tensors',
    async (network) => {
      runtime.onRun = (name) => {
        if (name === network) throw new Error('device lost');
      };
      await expect(eventsOf(begin({}, { previews: true }))).rejects.toThrow('device lost');
      expect(compute.liveTensors).toBe(0);
    },
  );
});
