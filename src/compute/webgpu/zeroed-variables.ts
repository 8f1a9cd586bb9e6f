/**
 * Declarations of variables in functions that leave out the value: `var name : type;`. Variables outside functions name
 * an address space (`var<…>`), or are textures and samplers, which have no value.
 */
const declaration = /\bvar\s+(\w+)\s*:(?!\s*(?:texture_|sampler))\s*([^=;{}()]+?)\s*;/g;

/**
 * The same WGSL with every variable's first value written out: zero, which is what leaving it out means.
 *
 * Dawn on Vulkan, as measured with Mesa 25, zeroes a variable that is declared in a loop without a value in the first
 * round only; in the next it still holds what it held. ONNX Runtime's fused attention sums its scores in such
 * variables: without this each key's score is too large by the weight of a key before it, and a UNet is off by two per
 * cent even in float32.
 */
export function withZeroedVariables(wgsl: string): string {
  return wgsl.replace(declaration, 'var $1 : $2 = $2();');
}
