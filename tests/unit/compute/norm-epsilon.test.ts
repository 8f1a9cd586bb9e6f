import { describe, expect, it } from 'vitest';
import { normScale } from '../../../src/base/index.ts';
import { withEpsilonFromScale } from '../../../src/compute/webgpu/norm-epsilon.ts';

describe('the epsilon of a group norm', () => {
  it('is encoded as a power of two, so that dividing weights by it is exact', () => {
    expect([1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-12].map(normScale)).toEqual([4, 2, 1, 0.5, 0.25, 1 / 64]);
  });

  it('is read from the scale in the shader that all norms share', () => {
    const end = (epsilon: string) =>
      [
        `let inv_std_dev = inverseSqrt(max(q - m * m, 0.000001 * m * m) + ${epsilon});`,
        '    let channel_scale = inv_std_dev * f32(scale[channel]);',
      ].join('\n');
    const rewritten = withEpsilonFromScale(end('f32(0.000010)'));
    const formula = /\+ exp2\(([\d.]+) \* log2\(f32\(scale\[channel\]\)\) \+ (-[\d.]+)\)\);/.exec(rewritten);
    const [, factor = NaN, offset = NaN] = formula ?? [];
    expect(rewritten).toBe(end(`exp2(${String(factor)} * log2(f32(scale[channel])) + ${String(offset)})`));
    for (const epsilon of [1e-4, 1e-5, 3e-6, 1e-8]) {
      const value = 2 ** (Number(factor) * Math.log2(normScale(epsilon)) + Number(offset));
      expect(value / epsilon).toBeCloseTo(1, 10);
    }
  });

  it('is left unchanged in a shader without a scale by channel', () => {
    const layerNorm = 'let inv = inverseSqrt(q - m * m + f32(0.000010));\n let y = inv * x;';
    expect(withEpsilonFromScale(layerNorm)).toBe(layerNorm);
  });
});
