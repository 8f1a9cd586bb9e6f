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

/** What a pipeline runs on in Node. */
export interface NodeBackend {
  readonly compute: Compute;
  readonly runtime: Runtime;
  readonly target: Target;
  /** The GPU that all of it runs on; null on the CPU. */
  readonly device: GPUDevice | null;
  readonly description: string;
  /** Lets go of the device, so that Node can exit. */
  dispose(): void;
}

export interface NodeBackendOptions {
  /** False computes in float32 on GPUs that could do float16. Default true. */
  readonly float16?: boolean;
  /** What the kernels of ONNX Runtime add in where tensors are float16. Default float32. */
  readonly sums?: 'float32' | 'float16';
}

/** Opens the CPU, or the GPU through Dawn; null with a sentence on stderr where there is no GPU. */
export async function openNodeBackend(
  kind: 'webgpu' | 'cpu',
  options: NodeBackendOptions = {},
): Promise<NodeBackend | { readonly reason: string }> {
  const float16 = options.float16 ?? true;
  const node = kind === 'webgpu' ? await openNodeGpu({ float16 }) : null;
  if (node?.gpu === null) return { reason: node.reason };

  // V8 spends minutes optimising the asyncify build's enormous functions; the GPU does the work there anyway.
  if (node) setFlagsFromString('--liftoff-only');
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
