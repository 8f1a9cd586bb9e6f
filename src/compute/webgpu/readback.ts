import { float16ToFloat32 } from '../../base/index.ts';
import type { LongLivedPromise } from '../../base/index.ts';
import type { GpuTensor } from '../types.ts';
import { byteLength, alignUp } from './buffers.ts';

type Values = Float32Array<ArrayBuffer> | Uint8ClampedArray<ArrayBuffer>;

function valuesOf({ type }: GpuTensor, bytes: ArrayBuffer): Values {
  switch (type) {
    case 'float32':
      return new Float32Array(bytes);
    case 'float16':
      return float16ToFloat32(new Uint16Array(bytes));
    case 'uint8':
      return new Uint8ClampedArray(bytes);
  }
}

/**
 * Copies tensors through one staging buffer, which is always freed. Aborting frees it at once, which also ends the wait.
 *
 * @param lost Rejects when the device is lost.
 * @throws the signal's reason; the rejection of `lost`; OperationError or AbortError from WebGPU
 */
export async function readBack(
  device: GPUDevice,
  tensors: readonly GpuTensor[],
  lost: LongLivedPromise,
  signal?: AbortSignal,
): Promise<Values[]> {
  signal?.throwIfAborted();
  if (tensors.length === 0) return [];
  let size = 0;
  const parts = tensors.map((tensor) => {
    const bytes = byteLength(tensor.dims, tensor.type);
    const part = { tensor, offset: size, bytes };
    size += alignUp(bytes, 16);
    return part;
  });
  const staging = device.createBuffer({
    label: 'read-back',
    size,
    usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
  });
  const free = () => {
    staging.destroy();
  };
  signal?.addEventListener('abort', free);
  try {
    const encoder = device.createCommandEncoder({ label: 'read-back' });
    for (const { tensor, offset, bytes } of parts) {
      encoder.copyBufferToBuffer(tensor.buffer, 0, staging, offset, alignUp(bytes, 4));
    }
    device.queue.submit([encoder.finish()]);
    await lost.race(staging.mapAsync(GPUMapMode.READ));
    signal?.throwIfAborted();
    const mapped = staging.getMappedRange();
    return parts.map(({ tensor, offset, bytes }) => valuesOf(tensor, mapped.slice(offset, offset + bytes)));
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener('abort', free);
    free();
  }
}
