/**
 * Encodes the epsilon of a group norm in its scale.
 *
 * ONNX Runtime 1.30 writes the epsilon of InstanceNormalization into the shader, with six decimals, but omits it from the
 * key of its shader cache: the first norm compiled sets the epsilon of all others with as many groups, in every session
 * of the device. The UNet uses two epsilons and the VAE one of them, so results depended on which networks were loaded
 * before. The scale reaches the shader with each call, so the compiler sets it to s = 2^log10(ε / 10⁻⁶), divides the
 * channels' weights by s, and the shader derives ε from s. For powers of ten, which all published configurations use, s
 * is a power of two and the division is exact.
 */
const epsilonAtScaleOne = 1e-6;

/** The scale that encodes `epsilon`, which must be positive. */
export function normScale(epsilon: number): number {
  return 2 ** Math.log10(epsilon / epsilonAtScaleOne);
}

/** WGSL for the epsilon encoded by the WGSL expression `scale`: 10^log2(s) · 10⁻⁶. */
export function normEpsilonWgsl(scale: string): string {
  return `exp2(${Math.log2(10)} * log2(${scale}) + ${Math.log2(epsilonAtScaleOne)})`;
}
