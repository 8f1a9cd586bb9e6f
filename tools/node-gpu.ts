import { availableParallelism, tmpdir } from 'node:os';
import { softwareVulkanManifest } from './software-vulkan.ts';

/** Dawn is a native module; importing it fails on unsupported systems. */
const dawn = await import('webgpu').then(
  ({ create, globals }) => ({ create, globals }),
  (error: unknown) => ({ failure: messageOf(error) }),
);

export interface NodeGpuOptions {
  /** False hides the feature `shader-f16`, as on the many older GPUs without it. Default true. */
  readonly float16?: boolean;
  /** False hides the feature `subgroups`, which Firefox and Safari do not have. Default true. */
  readonly subgroups?: boolean;
  /** True gives timestamps to the nanosecond; Dawn rounds them to 0.1 ms otherwise, as browsers do. Default false. */
  readonly exactTimestamps?: boolean;
}

export interface NodeGpu {
  readonly gpu: GPU;
  /** Description of the default adapter, for logs. */
  readonly description: string;
  /** Whether shaders can compute in float16. */
  readonly float16: boolean;
  /** Null; the other variant of the union has the reason why there is no GPU. */
  readonly reason: null;
  /**
   * Removes the GPU from `navigator`: Dawn may keep Node from exiting while the GPU is referenced. Devices have to be
   * destroyed by their owners. Idempotent.
   */
  dispose(): void;
}

/** No GPU is available; `reason` explains why. */
export interface NoNodeGpu {
  readonly gpu: null;
  readonly reason: string;
}

/**
 * Provides WebGPU in Node through Dawn: sets `navigator.gpu` and the GPU globals (`GPUBufferUsage`, `GPUDevice`, …) as
 * in a browser's worker, where ONNX Runtime Web finds them.
 *
 * On Linux it uses Mesa's software Vulkan driver if that is installed, so that results are the same on every machine;
 * VK_DRIVER_FILES selects another driver. Returns `NoNodeGpu` instead of throwing if there is no GPU.
 */
export async function openNodeGpu(options: NodeGpuOptions = {}): Promise<NodeGpu | NoNodeGpu> {
  prepareVulkan();
  if ('failure' in dawn) return { gpu: null, reason: `Dawn does not run on this machine: ${dawn.failure}` };
  Object.assign(globalThis, dawn.globals);
  acceptSharedMemory();

  let gpu: GPU | null;
  let adapter: GPUAdapter | null;
  try {
    gpu = dawn.create([
      // Dawn leaves float16 out on NVIDIA's Vulkan driver, for want of conformance in graphics; browsers on Windows have it.
      'enable-dawn-features=vulkan_enable_f16_on_nvidia',
      ...(options.exactTimestamps ? ['disable-dawn-features=timestamp_quantization'] : []),
    ]);
    adapter = await gpu.requestAdapter();
  } catch (error) {
    return { gpu: null, reason: `Dawn could not start: ${messageOf(error)}` };
  }
  if (adapter === null) {
    return {
      gpu: null,
      reason:
        process.platform === 'linux'
          ? 'Dawn found no Vulkan driver that it can use; Debian has one in mesa-vulkan-drivers 25 with libvulkan1'
          : 'this machine has no GPU that Dawn can use',
    };
  }

  const hidden = new Set([
    ...(options.float16 === false ? ['shader-f16'] : []),
    ...(options.subgroups === false ? ['subgroups'] : []),
  ]);
  if (hidden.size > 0) hideFeatures(gpu, hidden);
  putOnNavigator(gpu);
  return {
    gpu,
    description: adapter.info.description || adapter.info.device || adapter.info.vendor,
    float16: options.float16 !== false && adapter.features.has('shader-f16'),
    reason: null,
    dispose: removeFromNavigator,
  };
}

/** Sets environment variables of the Vulkan loader and Mesa, unless the user has set them. */
function prepareVulkan(): void {
  if (process.platform !== 'linux') return;
  process.env['XDG_RUNTIME_DIR'] ??= tmpdir();
  if (process.env['VK_DRIVER_FILES'] !== undefined || process.env['VK_ICD_FILENAMES'] !== undefined) return;
  const software = softwareVulkanManifest();
  if (software !== null) process.env['VK_DRIVER_FILES'] = software;
}

let sharedMemoryAccepted = false;

/**
 * Makes `GPUQueue.writeBuffer` accept views of shared memory, as browsers do and as ONNX Runtime's threads need; Dawn's
 * Node binding rejects them.
 */
function acceptSharedMemory(): void {
  if (sharedMemoryAccepted) return;
  sharedMemoryAccepted = true;
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called with its own `this` below
  const original = GPUQueue.prototype.writeBuffer;
  GPUQueue.prototype.writeBuffer = function (this: GPUQueue, buffer, bufferOffset, data, dataOffset, size) {
    const memory: ArrayBufferLike = ArrayBuffer.isView(data) ? data.buffer : data;
    if (!(memory instanceof SharedArrayBuffer)) {
      Reflect.apply(original, this, [buffer, bufferOffset, data, dataOffset, size]);
      return undefined;
    }
    // Offsets count elements in typed arrays, and bytes in other buffers.
    const unit =
      'BYTES_PER_ELEMENT' in data && typeof data.BYTES_PER_ELEMENT === 'number' ? data.BYTES_PER_ELEMENT : 1;
    const offset = (dataOffset ?? 0) * unit;
    const length = size === undefined ? data.byteLength - offset : size * unit;
    const start = (ArrayBuffer.isView(data) ? data.byteOffset : 0) + offset;
    const copy = new Uint8Array(length);
    copy.set(new Uint8Array(memory, start, length));
    original.call(this, buffer, bufferOffset, copy);
    return undefined;
  };
}

/** Removes features from every adapter of this GPU. */
function hideFeatures(gpu: GPU, hidden: ReadonlySet<string>): void {
  const requestAdapter = gpu.requestAdapter.bind(gpu);
  const withoutFeatures = async (options?: GPURequestAdapterOptions): Promise<GPUAdapter | null> => {
    const adapter = await requestAdapter(options);
    if (adapter === null) return null;
    const features = new Set([...adapter.features].filter((feature) => !hidden.has(feature)));
    const requestDevice = adapter.requestDevice.bind(adapter);
    Object.defineProperty(adapter, 'features', { value: features });
    Object.defineProperty(adapter, 'requestDevice', {
      value: async (descriptor?: GPUDeviceDescriptor): Promise<GPUDevice> => {
        const refused = [...(descriptor?.requiredFeatures ?? [])].find((feature) => hidden.has(feature));
        if (refused !== undefined) throw new TypeError(`This adapter does not have the feature ${refused}.`);
        return requestDevice(descriptor);
      },
    });
    return adapter;
  };
  Object.defineProperty(gpu, 'requestAdapter', { value: withoutFeatures });
}

/** Node has a `navigator` only since version 21. */
function putOnNavigator(gpu: GPU): void {
  if (!('navigator' in globalThis)) {
    const navigator = {
      userAgent: `Node.js/${process.versions.node}`,
      hardwareConcurrency: availableParallelism(),
      language: 'en',
    };
    Object.defineProperty(globalThis, 'navigator', { value: navigator, configurable: true, writable: true });
  }
  Object.defineProperty(globalThis.navigator, 'gpu', { value: gpu, configurable: true, enumerable: true });
}

function removeFromNavigator(): void {
  if ('navigator' in globalThis) Reflect.deleteProperty(globalThis.navigator, 'gpu');
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
