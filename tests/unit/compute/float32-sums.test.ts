import { describe, expect, it } from 'vitest';
import { withFloat32Sums } from '../../../src/compute/webgpu/float32-sums.ts';

const start = 'enable f16;\nalias x_value_t = vec4<f16>;\nalias x_element_t = f16;\n';

describe('sums in shaders', () => {
  it('are widened where the kernel is written as its rule expects', () => {
    const source = `${start}
      let value = getValue();
      fn getValue() -> x_value_t { return x[index]; }
      fn setValue(value: x_value_t) { result[index] = value; }`;
    expect(withFloat32Sums('Softmax', source)).toEqual({
      sums: 'widened',
      wgsl: `enable f16;\nalias x_value_t = vec4<f32>;\nalias x_element_t = f32;\n
      let value = getValue();
      fn getValue() -> x_value_t { return x_value_t(x[index]); }
      fn setValue(value: x_value_t) { result[index] = vec4<f16>(value); }`,
    });
  });

  it('are left as they are, and said to be unknown, where it is written differently', () => {
    const source = `${start} fn getValue() -> x_value_t { return x[i]; }`;
    expect(withFloat32Sums('Softmax', source)).toEqual({ sums: 'unknown', wgsl: source });
  });

  it('are left as they are where a rule would change only a part of them', () => {
    const source = `${start}
      var<workgroup> mm_Asub: array<array<vec4<x_element_t>, 8>, 32>;
      var acc: array<vec4<x_element_t>, rowPerThread>;
      let BCached0 = mm_Bsub[k][tileCol];
      let ACached = mm_Asub[tileRow][k];
      acc[i] = BCached0 * ACached.x + acc[i];
      acc[i] = activation(acc[i]);
      mm_write(batch, row, col, acc[innerRow]);`;
    expect(withFloat32Sums('MatMul', source)).toEqual({ sums: 'unknown', wgsl: source });
  });

  it('of a kernel that nobody has looked at are unknown', () => {
    expect(withFloat32Sums('Einsum', `${start} sum += a * b;`).sums).toBe('unknown');
    expect(withFloat32Sums('LayerNorm', `${start} var<workgroup> sum_shared : array<f16, 64>;`).sums).toBe(
      'unknown',
    );
  });

  it('of float32 are none of its business', () => {
    expect(withFloat32Sums('MatMul', 'var acc: array<vec4<f32>, 4>;').sums).toBe('none');
    expect(withFloat32Sums('Einsum', 'enable f16;\nvar sum: f32;').sums).toBe('none');
  });
});
