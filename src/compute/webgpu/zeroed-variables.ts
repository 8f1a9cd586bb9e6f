/**
 * Function-scope variable declarations without an initial value: `var name : type;`. Module-scope variables name an
 * address space (`var<…>`), or are textures and samplers.
 */
const declaration = /\bvar\s+(\w+)\s*:(?!\s*(?:texture_|sampler))\s*([^=;{}()]+?)\s*;/g;

/**
 * Adds explicit zero initialisers to WGSL variables.
 *
 * Dawn on Vulkan, measured with Mesa 25, zeroes an uninitialised variable declared in a loop only in the first iteration.
 * ONNX Runtime's fused attention sums its scores in such variables: each key's score became too large by the weight of an
 * earlier key, an error of two per cent in a UNet even in float32.
 */
export function withZeroedVariables(wgsl: string): string {
  return wgsl.replace(declaration, 'var $1 : $2 = $2();');
}
