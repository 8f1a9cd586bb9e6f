import { describe, expect, it } from 'vitest';
import { declarationOf, packParams, paramsSize } from '../../../src/compute/webgpu/params.ts';

describe('uniforms', () => {
  it('are declared as WGSL in the order of the schema', () => {
    expect(declarationOf({ count: 'u32', mean: 'vec4f', rows: { vec4fs: 3 } })).toBe(
      'struct Params { count: u32, mean: vec4f, rows: array<vec4f, 3> } @group(0) @binding(0) var<uniform> params: Params; ',
    );
    expect(declarationOf({})).toBe('');
  });

  // Offsets from the table of alignments in the WGSL specification.
  it('are packed with the alignment of WGSL', () => {
    const schema = {
      count: 'u32',
      source: 'vec2i',
      mean: 'vec4f',
      scale: 'f32',
      rows: { vec4fs: 2 },
    } as const;
    const buffer = packParams(schema, {
      count: 7,
      source: [-1, 2],
      mean: [1, 2, 3],
      scale: 0.5,
      rows: [9],
    });
    expect(paramsSize(schema)).toBe(80);
    expect(buffer.byteLength).toBe(80);
    expect(new Uint32Array(buffer, 0, 1)).toEqual(Uint32Array.of(7));
    expect(new Int32Array(buffer, 8, 2)).toEqual(Int32Array.of(-1, 2));
    expect(new Float32Array(buffer, 16, 4)).toEqual(Float32Array.of(1, 2, 3, 0));
    expect(new Float32Array(buffer, 32, 1)).toEqual(Float32Array.of(0.5));
    expect(new Float32Array(buffer, 48, 8)).toEqual(Float32Array.of(9, 0, 0, 0, 0, 0, 0, 0));
  });

  it('reject more values than the type holds', () => {
    expect(() => packParams({ source: 'vec2i' }, { source: [1, 2, 3] })).toThrow(RangeError);
  });
});
