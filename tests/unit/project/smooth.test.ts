import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  defaultSettings,
  framesToMake,
  planAfter as afterFrame,
  planSmooth,
  trailTo,
} from '../../../src/project/index.ts';
import type { SegmentStep, Settings } from '../../../src/project/index.ts';

const smooth: Settings = { ...defaultSettings, mode: 'smooth', frames: 2, intermediate: 4, seed: 3 };

interface EarlierFrame {
  readonly picture: string;
  readonly settings: Settings;
  readonly leg?: SegmentStep;
}

/** Frames whose pictures are named by their numbers: plain ones (null), and steps of segments (`2/4`, `2/4 home`). */
function frames(...steps: (string | null)[]): EarlierFrame[] {
  return steps.map((text, index) => {
    const [step = 0, of = 0] = (text ?? '').split(/[/ ]/).map(Number);
    const leg = text === null ? {} : { leg: { step, of, home: text.endsWith('home') } };
    return { picture: `frame ${index + 1}`, settings: smooth, ...leg };
  });
}

const planAfter = (kept: readonly EarlierFrame[], change: Partial<Settings> = {}) =>
  planSmooth('start', kept, { ...smooth, ...change });

describe('afterFrame', () => {
  it.each([false, true])('after any frame equals planning from there, closing the loop: %s', (closeLoop) => {
    const settings = { ...smooth, closeLoop };
    const segment = (home: boolean) => [1, 2, 3, 4].map((step) => ({ leg: { step, of: 4, home } }));
    const legs = [{}, ...segment(false), ...segment(false), ...(closeLoop ? segment(true) : [])];
    const all = legs.map((leg, index) => ({ picture: `frame ${index + 1}`, settings, ...leg }));
    let left = planSmooth('start', [], settings);
    for (const [index, frame] of all.slice(0, -1).entries()) {
      left = afterFrame(left, frame, settings);
      const planned = planSmooth('start', all.slice(0, index + 1), settings);
      // A new plan has all segments.
      expect(left).toEqual({ ...planned, segments: left.segments });
      expect(framesToMake(left, settings)).toBe(all.length - index - 1);
    }
  });

  it('after the last frame leaves nothing to make', () => {
    const settings = { ...smooth, frames: 1, intermediate: 1, closeLoop: true };
    const step = (home: boolean) => ({ picture: 'next', leg: { step: 1, of: 1, home } });
    const made = [{ picture: 'first' }, step(false), step(true)];
    const left = made.reduce(
      (plan, frame) => afterFrame(plan, frame, settings),
      planSmooth('start', [], settings),
    );
    expect(framesToMake(left, settings)).toBe(0);
  });
});

describe('planSmooth', () => {
  it('starts with a variant of the start picture when there are no frames', () => {
    expect(planAfter([])).toEqual({
      from: null,
      source: 'start',
      firstFrame: 0,
      done: 0,
      segments: 2,
      closes: false,
      home: null,
    });
    expect(framesToMake(planAfter([]), smooth)).toBe(1 + 2 * 4);
    expect(framesToMake(planAfter([], { closeLoop: true }), smooth)).toBe(1 + 3 * 4);
  });

  it('continues from the last frame toward a variant of it', () => {
    const plan = planAfter(frames(null, '1/4', '2/4', '3/4', '4/4'));
    expect(plan).toMatchObject({ source: 'frame 5', firstFrame: 5, done: 0, segments: 2 });
    expect(framesToMake(plan, smooth)).toBe(8);
  });

  it('finishes an interrupted segment if the settings it depends on are unchanged', () => {
    const begun = frames(null, '1/4', '2/4', '3/4');
    for (const change of [{}, { frames: 5 }, { frameRate: 3 }, { batchSize: 4 }, { closeLoop: true }]) {
      expect(planAfter(begun, change)).toMatchObject({ source: 'frame 1', firstFrame: 4, done: 3 });
    }
    expect(framesToMake(planAfter(begun), smooth)).toBe(8 - 3);
    for (const change of [{ intermediate: 5 }, { seed: 4 }, { noiseShift: 1 }, { positivePrompts: 'x' }]) {
      expect(planAfter(begun, change)).toMatchObject({ source: 'frame 4', firstFrame: 4, done: 0 });
    }
  });

  it('finishes an interrupted closing segment, and makes nothing else', () => {
    const begun = frames(null, '1/1', '1/4 home', '2/4 home');
    const plan = planAfter(begun, { closeLoop: true });
    expect(plan).toMatchObject({ segments: 0, closes: true, done: 2 });
    expect(framesToMake(plan, { ...smooth, closeLoop: true })).toBe(2);
    expect(planAfter(begun)).toMatchObject({ segments: 2, closes: false, done: 0 });
  });

  it('has the trail of the first frame only when closing the loop', () => {
    const kept = frames(null, '1/4', '2/4', '3/4', '4/4');
    expect(planAfter(kept).home).toBeNull();
    expect(planAfter(kept, { closeLoop: true }).home).toEqual(trailTo(['start'], kept, 1));
  });
});

describe('trailTo', () => {
  const trail = (kept: readonly EarlierFrame[], position: number) =>
    trailTo(['start', ...kept.map(({ picture }) => picture)], kept, position);

  it('has for a variant its picture and noise', () => {
    expect(trail(frames(null, null), 2)).toEqual({
      embedding: [{ picture: 'frame 1', settings: smooth, t: 1 }],
      noise: [{ seed: 3, frame: 1, variant: 0, t: 1 }],
    });
  });

  it('moves within a segment from one picture toward the next, and the noise only as far as its shift', () => {
    const { embedding, noise } = trail(frames(null, '1/4', '2/4'), 3);
    expect(embedding.map(({ picture, t }) => [picture, t])).toEqual([
      ['start', 1],
      ['frame 1', 0.5],
    ]);
    expect(noise).toEqual([
      { seed: 3, frame: 0, variant: 0, t: 1 },
      { seed: 3, frame: 1, variant: 0, t: 0.2 },
    ]);
  });

  it('drops the pictures before a variant, but no noise', () => {
    const { embedding, noise } = trail(frames(null, '1/2', '2/2', '1/2', '2/2'), 5);
    expect(embedding.map(({ picture, t }) => [picture, t])).toEqual([['frame 3', 1]]);
    expect(noise.map(({ frame, t }) => [frame, t])).toEqual([
      [0, 1],
      [1, 0.4],
      [3, 0.4],
    ]);
  });

  it('ends a closing segment where the first frame began', () => {
    const kept = frames(null, '1/2', '2/2', '1/2 home', '2/2 home');
    expect(trail(kept, 5)).toEqual(trail(kept, 1));
    expect(trail(kept, 4).embedding.map(({ picture, t }) => [picture, t])).toEqual([
      ['frame 1', 1],
      ['start', 0.5],
    ]);
  });

  it('uses the settings that each frame was made with', () => {
    const kept = frames(null, '1/2', '1/4').map((frame, index) => ({
      ...frame,
      settings: { ...smooth, seed: index, noiseShift: 1 },
    }));
    expect(trail(kept, 3).noise).toEqual([
      { seed: 0, frame: 0, variant: 0, t: 1 },
      { seed: 1, frame: 1, variant: 0, t: 0.5 },
      { seed: 2, frame: 2, variant: 0, t: 0.25 },
    ]);
  });

  it('after imported pictures starts at the embedding of the last one', () => {
    const imported = frames(null, null).map((frame) => ({ ...frame, insight: null }));
    const [, , first] = frames(null, null, '1/2');
    const { embedding, noise } = trailTo(
      ['start', 'frame 1', 'frame 2', 'frame 3'],
      [...imported, ...(first ? [first] : [])],
      3,
    );
    expect(embedding).toEqual([
      { picture: 'frame 2', settings: { ...smooth, repeats: 0 }, t: 1 },
      { picture: 'frame 2', settings: smooth, t: 0.5 },
    ]);
    expect(noise.map(({ frame }) => frame)).toEqual([1, 2]);
  });

  it('starts at the noise of the picked variant', () => {
    const picked = frames(null, null).map((frame) => ({ ...frame, variant: 257 }));
    const [, , first] = frames(null, null, '1/2');
    const kept = [...picked, ...(first ? [first] : [])];
    expect(trail(kept, 3).noise.map(({ frame, variant }) => [frame, variant])).toEqual([
      [1, 257],
      [2, 0],
    ]);
  });

  it('uses no noise twice, so that the variance stays 1', () => {
    const steps = fc.array(
      fc.record({ of: fc.integer({ min: 1, max: 5 }), made: fc.integer({ min: 1, max: 5 }) }),
    );
    fc.assert(
      fc.property(steps, (runs) => {
        const names = runs.flatMap(({ of, made }) =>
          Array.from({ length: Math.min(of, made) }, (_, index) => `${index + 1}/${of}`),
        );
        const kept = frames(null, ...names);
        const noiseFrames = trail(kept, kept.length).noise.map(({ frame }) => frame);
        expect(new Set(noiseFrames).size).toBe(noiseFrames.length);
      }),
    );
  });

  it('throws for a segment without a start', () => {
    expect(() => trail(frames(null, '3/4'), 2)).toThrow(RangeError);
    expect(() => trail(frames(null), 2)).toThrow(RangeError);
  });
});
