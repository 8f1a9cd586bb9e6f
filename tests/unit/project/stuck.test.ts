import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findStuck } from '../../../src/project/index.ts';
import type { Trace } from '../../../src/project/stuck.ts';

type Embedding = readonly number[];

function cosine(a: Embedding, b: Embedding): number {
  const dot = (x: Embedding, y: Embedding) =>
    x.reduce((sum, value, index) => sum + value * (y[index] ?? NaN), 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

/** Insights of a chain with these embeddings, starting with the start picture. */
function traceOf(
  embeddings: readonly Embedding[],
  prompts: { readonly positive?: Embedding; readonly negative?: Embedding; readonly texture?: number } = {},
): Trace[] {
  return embeddings.slice(1).map((embedding, index) => {
    const before = embeddings.slice(Math.max(0, index - 11), index + 1).reverse();
    const [predecessor = null, ...earlier] = before.map((other) => cosine(embedding, other));
    const source = embeddings[index] ?? [];
    return {
      positivesBefore: prompts.positive ? cosine(source, prompts.positive) : null,
      negativesBefore: prompts.negative ? cosine(source, prompts.negative) : null,
      texture: prompts.texture ?? null,
      predecessor,
      start: cosine(embedding, embeddings[0] ?? []),
      earlier,
    };
  });
}

/** Unit vector at an angle in degrees. */
const onCircle = (degrees: number): Embedding => [
  Math.cos((degrees * Math.PI) / 180),
  Math.sin((degrees * Math.PI) / 180),
  0,
];

const cosines = fc.double({ min: -1, max: 1, noNaN: true });
const known = fc.option(cosines, { nil: null });
const anyFrame = fc.record({
  positivesBefore: known,
  negativesBefore: known,
  texture: known,
  predecessor: known,
  start: known,
  earlier: fc.array(cosines, { maxLength: 11 }),
});

/** `count` embeddings evenly spaced on the circle, all of them different pictures. */
const apart = (count: number) => Array.from({ length: count }, (_, index) => onCircle((360 * index) / count));

describe('an animation', () => {
  it('that is short is not stuck, whatever its measurements', () => {
    fc.assert(
      fc.property(fc.array(anyFrame, { maxLength: 7 }), (trace) => {
        expect(findStuck(trace)).toBeNull();
      }),
    );
  });

  it('with measurements of the prompts only, as in smooth mode, is not stuck', () => {
    const frame = fc.record({ positivesBefore: known, negativesBefore: known });
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 60 }), (frames) => {
        const trace = frames.map((one) => ({
          ...one,
          texture: null,
          predecessor: null,
          start: null,
          earlier: [],
        }));
        expect(findStuck(trace)).toBeNull();
      }),
    );
  });

  it('that keeps moving is not stuck, however slowly', () => {
    const pace = fc.double({ min: 3, max: 80, noNaN: true });
    fc.assert(
      fc.property(pace, fc.integer({ min: 1, max: 60 }), (step, frames) => {
        const length = Math.min(frames, Math.floor(330 / step));
        const embeddings = Array.from({ length: length + 1 }, (_, index) => onCircle(step * index));
        expect(findStuck(traceOf(embeddings))).toBeNull();
      }),
    );
  });

  it('that still resembles its start does not end in texture, whatever the prompts', () => {
    const wobble = fc.array(fc.double({ min: 12, max: 25, noNaN: true }), { minLength: 1, maxLength: 50 });
    const prompt = fc.integer({ min: 0, max: 360 }).map(onCircle);
    fc.assert(
      fc.property(wobble, prompt, prompt, (angles, positive, negative) => {
        const embeddings = [
          onCircle(0),
          ...angles.map((angle, index) => onCircle(index % 2 ? angle : -angle)),
        ];
        expect(findStuck(traceOf(embeddings, { positive, negative }))?.kind).not.toBe('texture');
      }),
    );
  });
});

describe('an animation that is stuck', () => {
  it('is still when its last eight frames are the same, and not before', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 30 }), (moves, rests) => {
        // The last frame that moves counts as the first still one.
        const moving = Array.from({ length: moves + 1 }, (_, index) => onCircle((300 * index) / moves));
        const resting = Array.from({ length: rests - 1 }, () => onCircle(300));
        const stuck = findStuck(traceOf([...moving, ...resting]));
        if (rests < 8) {
          expect(stuck?.kind).not.toBe('still');
        } else {
          expect(stuck).toMatchObject({ kind: 'still', before: moves + rests - 1 - 8 });
        }
      }),
    );
  });

  it('is circling when it repeats a few pictures', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 8 }), fc.integer({ min: 0, max: 40 }), (count, more) => {
        const stops = apart(count);
        const embeddings = Array.from({ length: 22 + more }, (_, index) => stops[index % count] ?? []);
        expect(findStuck(traceOf(embeddings))).toMatchObject({
          kind: 'circling',
          before: embeddings.length - 1 - 12,
        });
        // One cycle is not enough.
        expect(findStuck(traceOf(embeddings.slice(0, count + 1)))).toBeNull();
      }),
    );
  });

  it('ends in texture when it loses the start and moves from the positive to the negative prompts', () => {
    const way = (degrees: (index: number) => number) =>
      Array.from({ length: 40 }, (_, index) => onCircle(degrees(index)));
    const drift = way((index) => 3 * index);
    const prompts = { positive: onCircle(-20), negative: onCircle(140) };
    const stuck = findStuck(traceOf(drift, prompts));
    expect(stuck).toMatchObject({ kind: 'texture' });
    // The suggested frame is near the beginning, before the drift.
    expect(stuck?.before).toBeGreaterThan(0);
    expect(stuck?.before).toBeLessThan(16);
    // Movement toward the positive prompts is intended.
    const other = { positive: prompts.negative, negative: prompts.positive };
    expect(findStuck(traceOf(drift, other))).toBeNull();
    // Away from the prompts, but still similar to the start.
    const near = way((index) => index / 2);
    expect(findStuck(traceOf(near, prompts))?.kind).not.toBe('texture');
  });

  it('ends in texture only when it comes nearer to the balance of noise than to that of its first frames', () => {
    const drift = Array.from({ length: 40 }, (_, index) => onCircle(3 * index));
    const prompts = { positive: onCircle(-20), negative: onCircle(140) };
    const balances = traceOf(drift, prompts).map(
      ({ positivesBefore, negativesBefore }) => (positivesBefore ?? NaN) - (negativesBefore ?? NaN),
    );
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    const [first, last] = [mean(balances.slice(0, 8)), mean(balances.slice(-8))];
    const near = { ...prompts, texture: 2 * last - first + 0.01 };
    const far = { ...prompts, texture: 2 * last - first - 0.01 };
    expect(findStuck(traceOf(drift, near))?.kind).toBe('texture');
    expect(findStuck(traceOf(drift, far))).toBeNull();
    // Noise with a higher balance than the first frames says nothing.
    expect(findStuck(traceOf(drift, { ...prompts, texture: first + 1 }))?.kind).toBe('texture');
  });

  it('is not offered more guidance without prompts', () => {
    const rest = Array.from({ length: 12 }, () => onCircle(0));
    expect(findStuck(traceOf(rest))?.offers).toEqual(['seed', 'back']);
    const prompted = findStuck(traceOf(rest, { positive: onCircle(50) }));
    expect(prompted?.offers).toEqual(['guidance', 'seed', 'back']);
  });
});
