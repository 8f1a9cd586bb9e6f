import { withFlooredVariance } from './floored-variance.ts';
import { withFloat32Sums } from './float32-sums.ts';
import { withEpsilonFromScale } from './norm-epsilon.ts';
import { withZeroedVariables } from './zeroed-variables.ts';

export interface MendOptions {
  /** What ONNX Runtime's kernels add in where tensors are float16: see `withFloat32Sums`. */
  readonly sums: 'float32' | 'float16';
}

/**
 * Changes the source of all shaders on a device where a driver or ONNX Runtime is known to get something wrong. Shaders
 * come from ONNX Runtime as much as from Drift, so it is done where both pass.
 */
export function mendShaders(device: GPUDevice, { sums }: MendOptions): void {
  const createShaderModule = device.createShaderModule.bind(device);
  Object.defineProperty(device, 'createShaderModule', {
    configurable: true,
    value: (descriptor: GPUShaderModuleDescriptor) => {
      const { label = '', code } = descriptor;
      // First, because the others rewrite declarations that this one knows ONNX Runtime's kernels by.
      const summed = sums === 'float32' ? withFloat32Sums(label, code).wgsl : code;
      return createShaderModule({
        ...descriptor,
        code: withEpsilonFromScale(withFlooredVariance(withZeroedVariables(summed))),
      });
    },
  });
}
