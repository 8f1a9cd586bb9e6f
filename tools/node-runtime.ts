import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { setFlagsFromString } from 'node:v8';
import type { Compute } from '../src/compute/index.ts';
import { createCpuCompute, createWebGpuCompute, requestComputeDevice } from '../src/compute/index.ts';
import { createRuntime, loadOrt } from '../src/runtime/index.ts';
import { targetFor } from '../src/models/index.ts';
import type { Target } from '../src/models/index.ts';
import type { Runtime } from '../src/runtime/index.ts';
import { openNodeGpu } from './node-gpu.ts';

/** Backend of a pipeline in Node. */
export interface NodeBackend {
  readonly compute: Compute;
  readonly runtime: Runtime;
  readonly target: Target;
  /** The GPU device; null on the CPU. */
  readonly device: GPUDevice | null;
  readonly description: string;
  /** Destroys the device, so that Node can exit. */
  dispose(): void;
}

export interface NodeBackendOptions {
  /** False computes in float32 even if the GPU supports float16. Default true. */
  readonly float16?: boolean;
  /** False computes without the feature `subgroups`, as in Firefox and Safari. Default true. */
  readonly subgroups?: boolean;
  /** Number type in which ONNX Runtime's kernels accumulate float16 tensors. Default float32. */
  readonly sums?: 'float32' | 'float16';
  /** See `NodeGpuOptions`. */
  readonly exactTimestamps?: boolean;
  /** True lets V8 optimise ONNX Runtime's WebAssembly, as browsers do: costs a start of minutes on few cores. Default false. */
  readonly optimised?: boolean;
}

/** Opens the CPU, or the GPU through Dawn. Returns a reason if there is no GPU. */
export async function openNodeBackend(
  kind: 'webgpu' | 'cpu',
  options: NodeBackendOptions = {},
): Promise<NodeBackend | { readonly reason: string }> {
  const float16 = options.float16 ?? true;
  const { subgroups = true, exactTimestamps = false, optimised = false } = options;
  const node = kind === 'webgpu' ? await openNodeGpu({ float16, subgroups, exactTimestamps }) : null;
  if (node?.gpu === null) return { reason: node.reason };

  // V8 would spend minutes optimising the very large functions of the asyncify build, although the GPU does the work.
  if (node && !optimised) setFlagsFromString('--liftoff-only');
  const build = node ? 'asyncify' : 'cpu';
  const file = node ? 'ort-wasm-simd-threaded.asyncify.wasm' : 'ort-wasm-simd-threaded.wasm';
  const binary = await readFile(createRequire(import.meta.url).resolve(`onnxruntime-web/${file}`));
  const ort = await loadOrt({ build, source: { binary: new Uint8Array(binary) }, threads: 1 });
  if (!node) {
    const compute = createCpuCompute();
    return {
      compute,
      runtime: createRuntime(ort, null),
      target: targetFor('float32', false),
      device: null,
      description: 'CPU, float32',
      dispose: () => {
        compute.dispose();
      },
    };
  }
  const {
    device,
    float16: hasFloat16,
    adapterName,
    software,
  } = await requestComputeDevice(node.gpu, {
    allowFloat16: float16,
    ...(options.sums ? { sums: options.sums } : {}),
  });
  const compute = await createWebGpuCompute(device, hasFloat16 ? 'float16' : 'float32');
  return {
    compute,
    runtime: createRuntime(ort, device),
    target: targetFor(compute.modelType, software, device.limits),
    device,
    description: `${adapterName}, ${hasFloat16 ? 'float16' : 'float32'}`,
    dispose: () => {
      compute.dispose();
      device.destroy();
      node.dispose();
    },
  };
}
