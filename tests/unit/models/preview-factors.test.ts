import { describe, expect, it } from 'vitest';
import { previewFactors } from '../../../src/models/preview-factors.ts';

describe('preview factors', () => {
  it('default to Stable Diffusion’s for four channels and grey for others, unless the model has its own', () => {
    expect(previewFactors(undefined, 4)).toHaveLength(15);
    expect(previewFactors(undefined, 2)).toEqual([0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0, 0, 0]);
    const own = Array.from({ length: 51 }, (_, index) => index);
    expect(previewFactors(own, 16)).toBe(own);
  });

  it('for another number of channels are rejected', () => {
    const wrong = Array<number>(15).fill(0);
    expect(() => previewFactors(wrong, 16)).toThrow(
      expect.objectContaining({
        code: 'manifest-invalid',
        details: { key: 'previewFactors', length: 15, expected: 51 },
      }),
    );
  });
});
