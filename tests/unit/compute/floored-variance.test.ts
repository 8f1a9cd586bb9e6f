import { describe, expect, it } from 'vitest';
import { withFlooredVariance } from '../../../src/compute/webgpu/floored-variance.ts';

describe('withFlooredVariance', () => {
  it.each([
    [
      'let d = inverseSqrt(squared - mean * mean + f32(0.000010));',
      'let d = inverseSqrt(max(squared - mean * mean, 0.000001 * mean * mean) + f32(0.000010));',
    ],
    [
      'let d = inverseSqrt((s.x + s.y) / f32(n) - m * m + uniforms.epsilon);',
      'let d = inverseSqrt(max((s.x + s.y) / f32(n) - m * m, 0.000001 * m * m) + uniforms.epsilon);',
    ],
  ])(
    'gives a variance computed as a difference of two large numbers a lower bound: %s',
    (source, floored) => {
      expect(withFlooredVariance(source)).toBe(floored);
    },
  );

  it.each([
    'let d = inverseSqrt(variance + epsilon);',
    'let d = inverseSqrt(a - b * c + epsilon);',
    'let d = sqrt(a - b * b + epsilon);',
  ])('leaves everything else unchanged: %s', (source) => {
    expect(withFlooredVariance(source)).toBe(source);
  });
});
