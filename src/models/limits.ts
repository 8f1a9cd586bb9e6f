import { DeviceError, ModelError } from '../base/index.ts';
import type { CompiledGraph } from './onnx/index.ts';

/** Maximum buffer sizes of a device, in bytes; names from WebGPU's `GPUSupportedLimits`. */
export interface BufferLimits {
  readonly maxBufferSize: number;
  readonly maxStorageBufferBindingSize: number;
  /** Unlimited if absent. */
  readonly maxComputeWorkgroupStorageSize?: number;
}

/**
 * Checks that a network fits a device, before reading any weights.
 *
 * @param batch Number of rows per run.
 * @param limits Limits of the GPU; null for the CPU.
 * @throws DeviceError `gpu-too-small` or `cpu-too-small` with the needed and available bytes
 */
export function checkMemory(
  network: string,
  graph: CompiledGraph,
  batch: number,
  limits: BufferLimits | null,
): void {
  if (limits) checkLimits(network, graph, batch, limits);
  else checkWasmMemory(network, graph, batch);
}

/** True for the errors of `checkMemory`. */
export function isTooSmall(error: unknown): error is DeviceError {
  return error instanceof DeviceError && (error.code === 'gpu-too-small' || error.code === 'cpu-too-small');
}

/**
 * Limits of ONNX Runtime's WebAssembly memory, in bytes. Memory ends at 4 GiB; the arena grows by doubling blocks, and
 * 2^30 bytes in one allocation fail with "Integer overflow" (measured with 1.30: 1.02e9 bytes work, 1.07e9 do not).
 */
const wasmMemory = { inOneAllocation: 2 ** 30 - 1, total: 3e9 };

/** @throws DeviceError `cpu-too-small` */
function checkWasmMemory(network: string, graph: CompiledGraph, batch: number): void {
  const { plan } = graph;
  const values = [...graph.values(batch).values()];
  const scratch = values.reduce((most, value) => Math.max(most, value.scratch), 0);
  const largest = values.reduce((most, { bytes }) => Math.max(most, bytes), scratch);
  const total = plan.byteLength + graph.peak(batch) + scratch;
  const [needed, available, where] =
    largest > wasmMemory.inOneAllocation
      ? ([largest, wasmMemory.inOneAllocation, ' in one allocation'] as const)
      : ([total, wasmMemory.total, ''] as const);
  if (needed <= available) return;
  throw new DeviceError(
    'cpu-too-small',
    `The ${network} needs ${megabytes(needed)} of memory${where} for pictures of this size, and without a GPU there are at most ${megabytes(available)}.`,
    {
      remedy: 'Use a smaller picture or a smaller batch, or a browser and machine with a GPU.',
      details: { network, type: plan.type, needed, available },
    },
  );
}

/**
 * Checks that a network's largest weight and largest value, each of which is one buffer, fit the GPU's limits.
 *
 * @throws DeviceError `gpu-too-small` with the limit and the needed and available bytes
 */
function checkLimits(
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
      `The ${network} needs ${megabytes(needed)} of GPU memory in one buffer, and this GPU allows at most ${megabytes(available)} (${limit}).`,
      { remedy, details: { network, type: plan.type, limit, needed, available, what, dims: dims.join('×') } },
    );
  };
  const weights = plan.weights.map(({ name, dims, byteLength }) => ({ what: name, dims, bytes: byteLength }));
  refuse(largestOf(weights), 'Use a smaller model, or a browser or machine with a larger GPU.');
  const made = [...values(batch).values()].map(({ operator, ...value }) => ({ what: operator, ...value }));
  refuse(largestOf(made), 'Use a smaller picture or a smaller batch, or another model.');
}

/** Largest multiple of 64 below the longer side such that a square picture of that side, in pixels, fits; null if none. */
export function largestSide(
  { width, height }: { readonly width: number; readonly height: number },
  fits: (picture: { readonly width: number; readonly height: number }) => boolean,
): number | null {
  const step = 64;
  for (let side = Math.ceil(Math.max(width, height) / step - 1) * step; side > 0; side -= step) {
    if (fits({ width: side, height: side })) return side;
  }
  return null;
}

/**
 * Number of weights of the largest UNet that runs on the CPU. In float32 they have 1.4 GB of the memory of `wasmMemory`, which
 * also holds the other networks and the values of a picture.
 */
const largestOnProcessor = 350e6;

/**
 * Checks that a model can run on the CPU, by its UNet, which is most of it.
 *
 * @param name Model name, for the error.
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

/** A required buffer. */
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
