import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ratesIn, together } from '../../../../tools/soak/traffic.ts';

describe('ratesIn', () => {
  it('attributes time to float32 while it was sent, including the pauses after it', () => {
    const sent = [
      { at: 0, float32: 0, others: 0 },
      { at: 1000, float32: 100, others: 0 },
      { at: 2000, float32: 100, others: 0 },
      { at: 4000, float32: 150, others: 50 },
      { at: 5000, float32: 150, others: 90 },
      { at: 6000, float32: 150, others: 90 },
    ];
    expect(ratesIn(sent, 0, 6000)).toEqual({
      float32: { bytes: 150, seconds: 3 },
      all: { bytes: 240, seconds: 6 },
    });
    expect(ratesIn(sent, 4000, 6000).float32).toEqual({ bytes: 0, seconds: 0 });
  });

  it('adds up, wherever a span is cut', () => {
    const step = fc.record({
      span: fc.integer({ min: 1, max: 999 }),
      float32: fc.nat(99),
      others: fc.nat(99),
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 2 }), fc.nat(), (steps, where) => {
        const sent = [{ at: 0, float32: 0, others: 0 }];
        for (const { span, float32, others } of steps) {
          const last = sent.at(-1) ?? { at: 0, float32: 0, others: 0 };
          sent.push({
            at: last.at + span,
            float32: last.float32 + float32,
            others: last.others + others,
          });
        }
        const end = sent.at(-1)?.at ?? 0;
        const cut = sent[where % sent.length]?.at ?? 0;
        const whole = ratesIn(sent, 0, end).all;
        const parts = together([ratesIn(sent, 0, cut).all, ratesIn(sent, cut, end).all]);
        expect(parts.bytes).toBe(whole.bytes);
        expect(parts.seconds).toBeCloseTo(whole.seconds, 9);
      }),
    );
  });
});
