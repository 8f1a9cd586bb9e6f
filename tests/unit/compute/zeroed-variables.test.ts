import { describe, expect, it } from 'vitest';
import { withZeroedVariables } from '../../../src/compute/webgpu/zeroed-variables.ts';

describe('withZeroedVariables', () => {
  it.each([
    ['var x : f32;', 'var x : f32 = f32();'],
    ['var qk_1 : vec4<qk_precision>;', 'var qk_1 : vec4<qk_precision> = vec4<qk_precision>();'],
    ['var acc: array<vec4<f16>, 4>;', 'var acc : array<vec4<f16>, 4> = array<vec4<f16>, 4>();'],
    ['for (;;) { var a: u32; var b: i32; }', 'for (;;) { var a : u32 = u32(); var b : i32 = i32(); }'],
  ])('initialises variables without a value to zero: %s', (source, zeroed) => {
    expect(withZeroedVariables(source)).toBe(zeroed);
  });

  it.each([
    'var x : f32 = 1;',
    'var x = vec4f(2);',
    'for (var i: u32 = 0; i < 4u; i++) { total += i; }',
    'var<workgroup> tile : array<f32, 64>;',
    'var<private> o_tile : array<vec4<f16>, 8>;',
    '@group(0) @binding(0) var<storage, read> x: array<f32>;',
    '@group(0) @binding(1) var picture : texture_2d<f32>;',
    '@group(0) @binding(2) var nearest : sampler;',
    'let variable : f32 = 1;',
  ])('leaves everything else unchanged: %s', (source) => {
    expect(withZeroedVariables(source)).toBe(source);
  });
});
