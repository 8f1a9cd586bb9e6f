import { DeviceError } from '../../base/index.ts';
import { describeAdapter } from './adapter-info.ts';
import { patchShaders } from './patched-shaders.ts';
import type { ShaderPatchOptions } from './patched-shaders.ts';

/** The GPU device that Drift and ONNX Runtime share, and its properties. */
export interface ComputeDevice {
  readonly device: GPUDevice;
  /** Human-readable name of the GPU. */
  readonly adapterName: string;
  /** True if shaders can use float16. */
  readonly float16: boolean;
  /** True for an adapter that computes on the CPU: same pictures, slowly. */
  readonly software: boolean;
  /**
   * Resolves, never rejects, when the device is lost: `device-lost`, with `reason` in its details, which is `destroyed` if
   * Drift destroyed the device itself.
   */
  readonly lost: Promise<DeviceError>;
}

/**
 * Limits raised from WebGPU's defaults to the adapter's: Stable Diffusion binds more than the default 128 MiB, and ONNX
 * Runtime's kernels use large workgroups.
 */
const raisedLimits = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupSizeY',
  'maxComputeWorkgroupSizeZ',
  'maxComputeWorkgroupsPerDimension',
] as const;

const noAdapterRemedy =
  'Use a recent Chrome, Edge, Firefox or Safari with graphics acceleration switched on in its settings. The built-in model also runs without a GPU.';

/** The only adapter computes on the CPU, and the caller did not allow that. */
export class SoftwareGpuError extends DeviceError {
  constructor(adapterName: string) {
    super(
      'software-gpu',
      `The only GPU that the browser offers is emulated on the processor (${adapterName}).`,
      {
        remedy: `${noAdapterRemedy} With ?gpu=software in the address, Drift uses it anyway.`,
        details: { adapter: adapterName },
      },
    );
  }
}

/** Creates the error for operations on a lost device. */
export function deviceLostError(info: Pick<GPUDeviceLostInfo, 'reason' | 'message'>): DeviceError {
  return new DeviceError('device-lost', 'The GPU stopped working.', {
    remedy:
      'Your frames are kept. Start again; if it happens again, choose a smaller picture or batch, or close other programs that use the GPU.',
    details: { reason: info.reason, message: info.message },
  });
}

/**
 * Whether ONNX Runtime's kernels for subgroups are right on a device: its flash attention assumes that a subgroup has 8
 * invocations or more. Software adapters have 4 (Windows' WARP, Mesa with vectors of 128 bits), and get the kernels without.
 */
function subgroupsAreRight(adapter: GPUAdapter): boolean {
  // Missing in Chrome before 127.
  const { subgroupMinSize }: Partial<GPUAdapterInfo> = 'info' in adapter ? adapter.info : {};
  return subgroupMinSize === undefined || subgroupMinSize >= 8;
}

/**
 * Opens the fastest GPU, with raised limits and the features that Drift and ONNX Runtime use. Installs `patchShaders`.
 *
 * @param gpu `navigator.gpu`
 * @param options.allowFloat16 False disables float16 even if the GPU supports it.
 * @param options.allowSoftware False refuses an adapter that computes on the CPU.
 * @param options.sums Accumulator type of ONNX Runtime's kernels for float16 tensors; default float32.
 * @throws DeviceError `no-adapter` if there is none, SoftwareGpuError, DeviceError `device-failed` if opening fails
 */
export async function requestComputeDevice(
  gpu: GPU,
  options: { allowFloat16: boolean; allowSoftware?: boolean; sums?: ShaderPatchOptions['sums'] },
): Promise<ComputeDevice> {
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (adapter === null) {
    throw new DeviceError('no-adapter', 'The browser offers no GPU.', { remedy: noAdapterRemedy });
  }
  const wanted: readonly GPUFeatureName[] = [
    ...(options.allowFloat16 ? ['shader-f16' as const] : []),
    'timestamp-query',
    ...(subgroupsAreRight(adapter) ? ['subgroups' as const] : []),
  ];
  const { name: adapterName, software } = describeAdapter(adapter);
  if (software && options.allowSoftware === false) throw new SoftwareGpuError(adapterName);
  let device: GPUDevice;
  try {
    device = await adapter.requestDevice({
      label: 'drift',
      requiredFeatures: wanted.filter((feature) => adapter.features.has(feature)),
      // Limits unknown to the browser are undefined, which older browsers refuse.
      requiredLimits: Object.fromEntries(
        raisedLimits
          .filter((limit) => limit in adapter.limits)
          .map((limit) => [limit, adapter.limits[limit]]),
      ),
    });
  } catch (cause) {
    throw new DeviceError('device-failed', `The GPU (${adapterName}) could not be opened.`, {
      remedy:
        'Reload the page. If that does not help, restart the browser or update the graphics driver; other programs may be holding the GPU.',
      details: { adapter: adapterName, reason: cause instanceof Error ? cause.message : String(cause) },
      cause,
    });
  }
  patchShaders(device, { sums: options.sums ?? 'float32' });
  return {
    device,
    adapterName,
    float16: device.features.has('shader-f16'),
    software,
    lost: device.lost.then(deviceLostError),
  };
}
