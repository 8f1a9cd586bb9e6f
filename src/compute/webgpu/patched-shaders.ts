import { withFloat32Gelu } from './bias-split-gelu.ts';
import { withFlooredVariance } from './floored-variance.ts';
import { withFloat32Sums } from './float32-sums.ts';
import { withZeroedVariables } from './zeroed-variables.ts';

export interface ShaderPatchOptions {
  /** Accumulator type of ONNX Runtime's kernels for float16 tensors: see `withFloat32Sums`. */
  readonly sums: 'float32' | 'float16';
}

/**
 * Wraps a device's `createShaderModule` so that it rewrites the WGSL of every shader, ONNX Runtime's and Drift's, to work
 * around known bugs of drivers and of ONNX Runtime. Each rewriting function says which.
 */
export function patchShaders(device: GPUDevice, { sums }: ShaderPatchOptions): void {
  const createShaderModule = device.createShaderModule.bind(device);
  Object.defineProperty(device, 'createShaderModule', {
    configurable: true,
    value: (descriptor: GPUShaderModuleDescriptor) => {
      const { label = '', code } = descriptor;
      // First, because the others rewrite declarations that it matches.
      const summed = sums === 'float32' ? withFloat32Sums(label, code).wgsl : code;
      return createShaderModule({
        ...descriptor,
        code: withFlooredVariance(withZeroedVariables(withFloat32Gelu(label, summed))),
      });
    },
  });
}
