import { DeviceError, DriftError, insecureRemedy, isInsecureContext } from '../src/base/index.ts';
import {
  SoftwareGpuError,
  createCpuCompute,
  createWebGpuCompute,
  requestComputeDevice,
} from '../src/compute/index.ts';
import type { Compute, ModelType } from '../src/compute/index.ts';
import { identityModel, targetFor } from '../src/models/index.ts';
import type { Target } from '../src/models/index.ts';
import type { BackendChoice, LoadedModel } from '../src/protocol/index.ts';
import { chooseBuild, createRuntime, loadOrt } from '../src/runtime/index.ts';
import type { Runtime } from '../src/runtime/index.ts';
import { wasmAssets } from '../src/runtime/assets.ts';

/** Backend: a device, the operations on it, and ONNX Runtime on the same device. */
export interface Backend {
  readonly compute: Compute;
  readonly runtime: Runtime;
  readonly device: LoadedModel['device'];
  readonly target: Target;
  /** Resolves when the device is lost; null for the CPU. */
  readonly lost: Promise<unknown> | null;
  /** Frees the device with all its tensors and sessions. Idempotent. */
  dispose(): void;
}

/** Maximum threads of the CPU provider; more gain little on networks that fit it. */
const mostThreads = 4;

/** Accepted GPUs and features for each requested backend. */
const allowed = {
  auto: { allowFloat16: true, allowSoftware: false },
  float32: { allowFloat16: false, allowSoftware: false },
  software: { allowFloat16: true, allowSoftware: true },
  webgpu: { allowFloat16: true, allowSoftware: true },
} as const satisfies Record<Exclude<BackendChoice, 'cpu'>, object>;

/**
 * Opens the best backend that the request allows.
 *
 * @throws DeviceError with `webgpu` if there is no GPU
 */
export async function openBackend(choice: BackendChoice): Promise<Backend> {
  let reason = '';
  let passedOver = false;
  if (choice !== 'cpu') {
    try {
      // Missing in old browsers and on insecure pages.
      if (!('gpu' in navigator)) throw noWebGpu();
      const { device, adapterName, float16, software, lost } = await requestComputeDevice(
        navigator.gpu,
        allowed[choice],
      );
      const { maxBufferSize, maxStorageBufferBindingSize } = device.limits;
      const { compute, runtime } = await startOn(device, float16 ? 'float16' : 'float32');
      return {
        compute,
        runtime,
        device: {
          kind: 'webgpu',
          precision: compute.modelType,
          name: adapterName,
          reason: '',
          software,
          limits: { maxBufferSize, maxStorageBufferBindingSize },
        },
        target: targetFor(compute.modelType, software, device.limits),
        lost,
        dispose: () => {
          compute.dispose();
          device.destroy();
        },
      };
    } catch (error) {
      if (choice === 'webgpu' || !(error instanceof DriftError)) throw error;
      reason = error.message;
      passedOver = error instanceof SoftwareGpuError;
    }
  }
  const compute = createCpuCompute();
  return {
    compute,
    runtime: await startRuntime('cpu', null),
    device: {
      kind: 'cpu',
      precision: 'float32',
      name: '',
      reason,
      software: passedOver,
      limits: null,
    },
    target: targetFor('float32', false),
    lost: null,
    dispose: () => {
      compute.dispose();
    },
  };
}

/** Starts compute and runtime on a device; destroys it on failure. */
async function startOn(device: GPUDevice, type: ModelType): Promise<Pick<Backend, 'compute' | 'runtime'>> {
  try {
    const compute = await createWebGpuCompute(device, type);
    return { compute, runtime: await startRuntime('webgpu', device) };
  } catch (error) {
    device.destroy();
    throw error;
  }
}

function noWebGpu(): DeviceError {
  if (isInsecureContext()) {
    return new DeviceError(
      'insecure-address',
      'Browsers give a page the GPU only at a secure address: https, or localhost on the machine that serves it.',
      { remedy: insecureRemedy },
    );
  }
  return new DeviceError('no-webgpu', 'This browser has no WebGPU.', {
    remedy: 'Use a current Chrome, Edge, Safari or Firefox.',
  });
}

/**
 * Starts ONNX Runtime on a device. It compiles its WebAssembly with the first session, so a trivial one is created while
 * the model is still loading.
 */
async function startRuntime(kind: 'webgpu' | 'cpu', device: GPUDevice | null): Promise<Runtime> {
  const build = chooseBuild(kind);
  const threads =
    kind === 'cpu' && self.crossOriginIsolated ? Math.min(mostThreads, navigator.hardwareConcurrency) : 1;
  const runtime = createRuntime(await loadOrt({ build, source: wasmAssets(build), threads }), device);
  const first = await runtime.createSession('identity', identityModel());
  await first.release();
  return runtime;
}
