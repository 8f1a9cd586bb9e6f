import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findStuck } from '../../../src/project/index.ts';
import type { Trace } from '../../../src/project/stuck.ts';

type Place = readonly number[];

function cosine(a: Place, b: Place): number {
  const dot = (x: Place, y: Place) => x.reduce((sum, value, index) => sum + value * (y[index] ?? NaN), 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

/** What is measured of a chain whose pictures, the start first, have these embeddings. */
function traceOf(
  places: readonly Place[],
  prompts: { readonly positive?: Place; readonly negative?: Place } = {},
): Trace[] {
  return places.slice(1).map((place, index) => {
    const before = places.slice(Math.max(0, index - 11), index + 1).reverse();
    const [predecessor = null, ...earlier] = before.map((other) => cosine(place, other));
    const source = places[index] ?? [];
    return {
      positivesBefore: prompts.positive ? cosine(source, prompts.positive) : null,
      negativesBefore: prompts.negative ? cosine(source, prompts.negative) : null,
      predecessor,
      start: cosine(place, places[0] ?? []),
      earlier,
    };
  });
}

/** A place on a circle, in degrees. */
const onCircle = (degrees: number): Place => [
  Math.cos((degrees * Math.PI) / 180),
  Math.sin((degrees * Math.PI) / 180),
  0,
];

const cosines = fc.double({ min: -1, max: 1, noNaN: true });
const known = fc.option(cosines, { nil: null });
const anyFrame = fc.record({
  positivesBefore: known,
  negativesBefore: known,
  predecessor: known,
  start: known,
  earlier: fc.array(cosines, { maxLength: 11 }),
});

/** Places so many of which are so far from each other that no two show the same. */
const apart = (count: number) => Array.from({ length: count }, (_, index) => onCircle((360 * index) / count));

describe('an animation', () => {
  it('that is short is not stuck, whatever is measured of it', () => {
    fc.assert(
      fc.property(fc.array(anyFrame, { maxLength: 7 }), (trace) => {
        expect(findStuck(trace)).toBeNull();
      }),
    );
  });

  it('of which nothing was measured but its prompts is not stuck, as in smooth mode', () => {
    const frame = fc.record({ positivesBefore: known, negativesBefore: known });
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 60 }), (frames) => {
        const trace = frames.map((one) => ({ ...one, predecessor: null, start: null, earlier: [] }));
        expect(findStuck(trace)).toBeNull();
      }),
    );
  });

  it('that moves on is not stuck, however slowly it does', () => {
    const pace = fc.double({ min: 3, max: 80, noNaN: true });
    fc.assert(
      fc.property(pace, fc.integer({ min: 1, max: 60 }), (step, frames) => {
        const length = Math.min(frames, Math.floor(330 / step));
        const places = Array.from({ length: length + 1 }, (_, index) => onCircle(step * index));
        expect(findStuck(traceOf(places))).toBeNull();
      }),
    );
  });

  it('that looks about as it did at the beginning does not drift, whatever the prompts make of it', () => {
    const wobble = fc.array(fc.double({ min: 12, max: 25, noNaN: true }), { minLength: 1, maxLength: 50 });
    const prompt = fc.integer({ min: 0, max: 360 }).map(onCircle);
    fc.assert(
      fc.property(wobble, prompt, prompt, (angles, positive, negative) => {
        const places = [onCircle(0), ...angles.map((angle, index) => onCircle(index % 2 ? angle : -angle))];
        expect(findStuck(traceOf(places, { positive, negative }))?.kind).not.toBe('texture');
      }),
    );
  });
});

describe('a chain', () => {
  it('is still once its last eight frames show the same, and not before', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 30 }), (moves, rests) => {
        // The last of the moves is the first frame of the rest.
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

  it('goes round in circles when it visits a few places in turn', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 8 }), fc.integer({ min: 0, max: 40 }), (count, more) => {
        const stations = apart(count);
        const places = Array.from({ length: 22 + more }, (_, index) => stations[index % count] ?? []);
        expect(findStuck(traceOf(places))).toMatchObject({
          kind: 'circling',
          before: places.length - 1 - 12,
        });
        // One round is not many.
        expect(findStuck(traceOf(places.slice(0, count + 1)))).toBeNull();
      }),
    );
  });

  it('ends in texture when it loses the start and leaves the positive prompts for the negative ones', () => {
    const way = (degrees: (index: number) => number) =>
      Array.from({ length: 40 }, (_, index) => onCircle(degrees(index)));
    const drift = way((index) => 3 * index);
    const prompts = { positive: onCircle(-20), negative: onCircle(140) };
    const stuck = findStuck(traceOf(drift, prompts));
    expect(stuck).toMatchObject({ kind: 'texture' });
    // Where it leads back to is near the beginning, and before the drift.
    expect(stuck?.before).toBeGreaterThan(0);
    expect(stuck?.before).toBeLessThan(16);
    // The same way toward the positive prompts is what the prompts are for.
    const other = { positive: prompts.negative, negative: prompts.positive };
    expect(findStuck(traceOf(drift, other))).toBeNull();
    // Away from the prompts, but with the start still in it.
    const near = way((index) => index / 2);
    expect(findStuck(traceOf(near, prompts))?.kind).not.toBe('texture');
  });

  it('is not offered more guidance where there are no prompts to guide it', () => {
    const rest = Array.from({ length: 12 }, () => onCircle(0));
    expect(findStuck(traceOf(rest))?.offers).toEqual(['seed', 'back']);
    const prompted = findStuck(traceOf(rest, { positive: onCircle(50) }));
    expect(prompted?.offers).toEqual(['guidance', 'seed', 'back']);
  });
});
