import { describe, expect, it } from 'vitest';
import { withFloat32Sums } from '../../../src/compute/webgpu/float32-sums.ts';

const start = 'enable f16;\nalias x_value_t = vec4<f16>;\nalias x_element_t = f16;\n';

describe('withFloat32Sums', () => {
  it('rewrites the accumulators of a kernel that matches its rule', () => {
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

  it('leaves a kernel that does not match its rule unchanged and reports it as unknown', () => {
    const source = `${start} fn getValue() -> x_value_t { return x[i]; }`;
    expect(withFloat32Sums('Softmax', source)).toEqual({ sums: 'unknown', wgsl: source });
  });

  it('leaves a kernel unchanged where a rule would match only partly', () => {
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

  it('reports a kernel without a rule as unknown', () => {
    expect(withFloat32Sums('Einsum', `${start} sum += a * b;`).sums).toBe('unknown');
    expect(withFloat32Sums('LayerNorm', `${start} var<workgroup> sum_shared : array<f16, 64>;`).sums).toBe(
      'unknown',
    );
  });

  it('leaves float32 kernels alone', () => {
    expect(withFloat32Sums('MatMul', 'var acc: array<vec4<f32>, 4>;').sums).toBe('none');
    expect(withFloat32Sums('Einsum', 'enable f16;\nvar sum: f32;').sums).toBe('none');
  });
});
