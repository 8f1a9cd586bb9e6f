/**
 * The epsilon of a group norm, carried by its scale.
 *
 * ONNX Runtime (1.30) writes the epsilon of InstanceNormalization into the shader, with six decimals, but leaves it out
 * of the key by which shaders are shared: the first norm that is compiled sets the epsilon of all others of as many
 * groups, in every session of the device. The UNet has two epsilons and the VAE one of them, so what a network computed
 * depended on which networks were loaded before it. A norm's scale reaches the shader with each call, so the compiler
 * sets it to s = 2^log10(ε / 10⁻⁶), divides the channels' weights by s, and the shader works ε out of s. For powers of
 * ten, which all published configurations have, s is a power of two and the division is exact.
 */
const unit = 1e-6;

/** The scale that stands for an epsilon above 0. */
export function normScale(epsilon: number): number {
  return 2 ** Math.log10(epsilon / unit);
}

/** WGSL for the epsilon that `scale`, a WGSL expression, stands for: 10^log2(s) · 10⁻⁶. */
export function normEpsilonWgsl(scale: string): string {
  return `exp2(${Math.log2(10)} * log2(${scale}) + ${Math.log2(unit)})`;
}
