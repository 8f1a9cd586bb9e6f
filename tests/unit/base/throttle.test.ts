import { describe, expect, it } from 'vitest';
import { throttled } from '../../../src/base/index.ts';

describe('throttled progress', () => {
  it('is reported at most every 100 ms, and when all is done', () => {
    let time = 0;
    const reports: [number, number, number][] = [];
    const report = throttled(
      (done, of) => reports.push([time, done, of]),
      () => time,
    );
    for (; time < 250; time += 10) report(time, 250);
    report(250, 250);
    expect(reports).toEqual([
      [0, 0, 250],
      [100, 100, 250],
      [200, 200, 250],
      [250, 250, 250],
    ]);
  });
});
