import { DeviceError, ModelError } from '../base/index.ts';
import type { CompiledGraph } from './onnx/index.ts';

/** How much a device holds in one piece, in bytes; names are those of WebGPU's `GPUSupportedLimits`. */
export interface BufferLimits {
  readonly maxBufferSize: number;
  readonly maxStorageBufferBindingSize: number;
  /** Left out, as much as is wanted. */
  readonly maxComputeWorkgroupStorageSize?: number;
}

/**
 * Checks that a device can hold a network, before anything of it is read.
 *
 * @param batch - rows that the network is run with
 * @param limits - of the GPU; null for the processor
 * @throws DeviceError `gpu-too-small` or `cpu-too-small` with what is needed and what there is
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

/** Whether an error says that a picture is too large for the device. */
export function isTooSmall(error: unknown): error is DeviceError {
  return error instanceof DeviceError && (error.code === 'gpu-too-small' || error.code === 'cpu-too-small');
}

/**
 * What ONNX Runtime's WebAssembly can hold, in bytes. Its memory ends at 4 GiB; its arena asks for blocks that double in
 * size, and 2^30 bytes in one piece end in "Integer overflow" (measured with 1.30: 1.02e9 bytes run, 1.07e9 do not).
 */
const wasmMemory = { inOnePiece: 2 ** 30 - 1, altogether: 3e9 };

/** @throws DeviceError `cpu-too-small` */
function checkWasmMemory(network: string, graph: CompiledGraph, batch: number): void {
  const { plan } = graph;
  const values = [...graph.values(batch).values()];
  const scratch = values.reduce((most, value) => Math.max(most, value.scratch), 0);
  const largest = values.reduce((most, { bytes }) => Math.max(most, bytes), scratch);
  const altogether = plan.byteLength + graph.peak(batch) + scratch;
  const [needed, available, how] =
    largest > wasmMemory.inOnePiece
      ? ([largest, wasmMemory.inOnePiece, ' in one piece'] as const)
      : ([altogether, wasmMemory.altogether, ''] as const);
  if (needed <= available) return;
  throw new DeviceError(
    'cpu-too-small',
    `The ${network} needs ${megabytes(needed)} of memory${how} for pictures of this size, and without a GPU there are at most ${megabytes(available)}.`,
    {
      remedy: 'Use a smaller picture or a smaller batch, or a browser and machine with a GPU.',
      details: { network, type: plan.type, needed, available },
    },
  );
}

/**
 * Checks that a GPU can hold the largest weight and the largest value of a network: each of them is one buffer.
 *
 * @throws DeviceError `gpu-too-small` with the limit, what is needed and what there is
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
      `The ${network} needs ${megabytes(needed)} of GPU memory in one piece, and this GPU gives at most ${megabytes(available)} (${limit}).`,
      { remedy, details: { network, type: plan.type, limit, needed, available, what, dims: dims.join('×') } },
    );
  };
  const weights = plan.weights.map(({ name, dims, byteLength }) => ({ what: name, dims, bytes: byteLength }));
  refuse(largestOf(weights), 'Use a smaller model, or a browser or machine with a larger GPU.');
  const made = [...values(batch).values()].map(({ operator, ...value }) => ({ what: operator, ...value }));
  refuse(largestOf(made), 'Use a smaller picture or a smaller batch, or another model.');
}

/**
 * The side of the largest square picture that fits where a larger one does not, in pixels; null where there is none.
 * Sides are tried in steps of 64 pixels, from the next smaller one on.
 */
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
