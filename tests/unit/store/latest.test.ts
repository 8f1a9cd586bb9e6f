import { describe, expect, it } from 'vitest';
import { createLatest } from '../../../src/store/latest.ts';

describe('createLatest', () => {
  it('delivers only the latest value, once per animation frame', () => {
    let paint: (() => void) | null = null;
    let asked = 0;
    const delivered: number[] = [];
    const latest = createLatest<number>(
      (callback) => {
        asked++;
        paint = callback;
        return () => {
          paint = null;
        };
      },
      (value) => delivered.push(value),
    );
    const draw = () => {
      const callback = paint;
      paint = null;
      callback?.();
    };
    for (const value of [1, 2, 3]) latest.push(value);
    expect([asked, delivered]).toEqual([1, []]);
    draw();
    expect(delivered).toEqual([3]);
    latest.push(4);
    latest.cancel();
    draw();
    expect(delivered).toEqual([3]);
    latest.push(5);
    draw();
    expect([asked, delivered]).toEqual([3, [3, 5]]);
  });
});
