import { withFlooredVariance } from './floored-variance.ts';
import { withZeroedVariables } from './zeroed-variables.ts';

/**
 * Changes the source of all shaders on a device where a driver or ONNX Runtime is known to get something wrong. Shaders
 * come from ONNX Runtime as much as from Drift, so it is done where both pass.
 */
export function mendShaders(device: GPUDevice): void {
  const createShaderModule = device.createShaderModule.bind(device);
  Object.defineProperty(device, 'createShaderModule', {
    value: (descriptor: GPUShaderModuleDescriptor) =>
      createShaderModule({
        ...descriptor,
        code: withFlooredVariance(withZeroedVariables(descriptor.code)),
      }),
  });
}
