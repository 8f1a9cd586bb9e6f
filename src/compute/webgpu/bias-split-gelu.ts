/**
 * Rewrites ONNX Runtime 1.31's kernel for BiasSplitGelu on float16 tensors to compute in float32. As it is, it divides
 * float16 by float32, which WGSL refuses; and its polynomial for erf needs more digits than float16 has.
 *
 * @param label Shader label, which ONNX Runtime sets to the kernel's name.
 */
export function withFloat32Gelu(label: string, wgsl: string): string {
  if (label !== 'BiasSplitGelu' || !wgsl.includes('alias x_value_t = vec4<f16>;')) return wgsl;
  return wgsl
    .replace('fn erf_v(v: x_value_t) -> x_value_t', 'fn erf_v(v: vec4<f32>) -> vec4<f32>')
    .replaceAll(/\b(?:x|bias)\[.*?\](?= \+|;)/g, 'vec4<f32>($&)')
    .replace(/(output\[\w+\]=)(.*);/, '$1x_value_t($2);');
}
