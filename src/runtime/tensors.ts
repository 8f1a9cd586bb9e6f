import type { Tensor } from 'onnxruntime-web/webgpu';
import { DeviceError } from '../base/index.ts';
import type { CpuTensor, DeviceTensor, ElementType, GpuTensor } from '../compute/index.ts';
import type { OrtModule } from './load.ts';

/** Wraps a Drift tensor as an ONNX Runtime tensor that shares its memory. */
export function toOrt(ort: OrtModule, tensor: DeviceTensor): Tensor {
  if (tensor.type === 'uint8') throw notForModels(tensor.type);
  if (tensor.device === 'webgpu') {
    return ort.Tensor.fromGpuBuffer(tensor.buffer, { dataType: tensor.type, dims: tensor.dims });
  }
  if (!(tensor.data instanceof Float32Array)) throw notForModels(tensor.type);
  return new ort.Tensor('float32', tensor.data, tensor.dims);
}

/** Wraps a tensor allocated by ONNX Runtime. The receiver disposes it. */
export function fromOrt(tensor: Tensor): DeviceTensor {
  const type = elementType(tensor.type);
  if (tensor.location === 'gpu-buffer') {
    if (type === 'uint8') throw notForModels(tensor.type);
    return {
      device: 'webgpu',
      dims: tensor.dims,
      type,
      buffer: tensor.gpuBuffer,
      dispose: () => {
        tensor.dispose();
      },
    } satisfies GpuTensor;
  }
  const { data } = tensor;
  if (!(data instanceof Float32Array) || !(data.buffer instanceof ArrayBuffer)) {
    throw notForModels(tensor.type);
  }
  const floats = new Float32Array(data.buffer, data.byteOffset, data.length);
  return {
    device: 'cpu',
    dims: tensor.dims,
    type: 'float32',
    data: floats,
    dispose: () => {
      tensor.dispose();
    },
  } satisfies CpuTensor;
}

/**
 * Converts ONNX Runtime's name of an element type.
 *
 * @throws DeviceError `tensor-type` for types other than float32 and float16
 */
export function elementType(type: string): ElementType {
  if (type === 'float32' || type === 'float16') return type;
  throw notForModels(type);
}

function notForModels(type: string): DeviceError {
  return new DeviceError(
    'tensor-type',
    `A network has an input or output of type ${type}; Drift supports only floats.`,
    {
      remedy: 'Use a model whose inputs and outputs are float32 or float16.',
      details: { type },
    },
  );
}
