import { DeviceError } from '../base/index.ts';
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
      { remedy, details: { network, type: plan.type, limit, needed, available, what, dims: dims.join('×') } },
    );
  };
  const weights = plan.weights.map(({ name, dims, byteLength }) => ({ what: name, dims, bytes: byteLength }));
  refuse(largestOf(weights), 'Use a smaller model, or a browser or machine with a larger GPU.');
  const made = [...values(batch).values()].map(({ operator, ...value }) => ({ what: operator, ...value }));
  refuse(largestOf(made), 'Use a smaller picture or a smaller batch, or another model.');
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
