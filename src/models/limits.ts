import { DeviceError, ModelError } from '../base/index.ts';
import type { CompiledGraph } from './onnx/index.ts';

/** How much a device holds in one piece, in bytes; names are those of WebGPU's `GPUSupportedLimits`. */
export interface BufferLimits {
  readonly maxBufferSize: number;
  readonly maxStorageBufferBindingSize: number;
}

/**
 * Looks whether a device can hold the largest weight and the largest value of a network, before anything is read for
 * it: each of them is one buffer.
 *
 * @param batch - rows that the network is run with
 * @throws DeviceError `gpu-too-small` with the limit, what is needed and what there is
 */
export function checkLimits(
  network: string,
  { plan, values }: CompiledGraph,
  batch: number,
  limits: BufferLimits,
): void {
  const [limit, available] =
    limits.maxStorageBufferBindingSize < limits.maxBufferSize
      ? (['maxStorageBufferBindingSize', limits.maxStorageBufferBindingSize] as const)
      : (['maxBufferSize', limits.maxBufferSize] as const);
  const refuse = (largest: Demand | undefined, remedy: string) => {
    if (!largest || largest.bytes <= available) return;
    const { what, dims, bytes: needed } = largest;
    throw new DeviceError(
      'gpu-too-small',
      `The ${network} needs ${megabytes(needed)} of GPU memory in one piece, and this GPU gives at most ${megabytes(available)} (${limit}).`,
      { remedy, details: { network, limit, needed, available, what, dims: dims.join('×') } },
    );
  };
  const weights = plan.weights.map(({ name, dims, byteLength }) => ({ what: name, dims, bytes: byteLength }));
  refuse(largestOf(weights), 'Use a smaller model, or a browser or machine with a larger GPU.');
  const made = [...values(batch).values()].map(({ operator, ...value }) => ({ what: operator, ...value }));
  refuse(largestOf(made), 'Use a smaller picture or a smaller batch, or another model.');
}

/** The largest UNet that WebAssembly's memory holds, in weights of float32. */
const largestOnProcessor = 350e6;

/**
 * Looks whether the processor can hold a model, of which the UNet is nearly all.
 *
 * @param name - what the model is called
 * @throws ModelError `needs-gpu`
 */
export function checkProcessor(name: string, { plan }: CompiledGraph): void {
  const weights = plan.byteLength / (plan.type === 'float32' ? 4 : 2);
  if (weights <= largestOnProcessor) return;
  throw new ModelError('needs-gpu', `${name} is too large for the processor: it needs a GPU.`, {
    remedy: 'Use the built-in model here, or open Drift in a browser with WebGPU on a machine with a GPU.',
    details: { weights, limit: largestOnProcessor },
  });
}

/** Something that takes a buffer of its own. */
interface Demand {
  readonly what: string;
  readonly dims: readonly number[];
  readonly bytes: number;
}

function largestOf([first, ...others]: readonly Demand[]): Demand | undefined {
  return others.reduce(
    (largest, other) => (largest && largest.bytes >= other.bytes ? largest : other),
    first,
  );
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1e6)} MB`;
}
