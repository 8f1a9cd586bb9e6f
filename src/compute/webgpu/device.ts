import { DeviceError } from '../../base/index.ts';
import { describeAdapter } from './adapter-info.ts';
import { mendShaders } from './mended-shaders.ts';
import type { MendOptions } from './mended-shaders.ts';

/** The GPU that Drift and ONNX Runtime share, and what is known about it. */
export interface ComputeDevice {
  readonly device: GPUDevice;
  /** The GPU in words, for people. */
  readonly adapterName: string;
  /** True when shaders on this device can compute in float16. */
  readonly float16: boolean;
  /** True for an adapter that computes on the CPU: it gives the same pictures, slowly. */
  readonly software: boolean;
  /**
   * Resolves, never rejects, when the device is gone: `device-lost`, whose detail `reason` is `destroyed` when
   * Drift itself gave the device back.
   */
  readonly lost: Promise<DeviceError>;
}

/**
 * What is raised from WebGPU's cautious defaults to all that the adapter has: Stable Diffusion binds more than the
 * default 128 MiB at once, and ONNX Runtime's kernels want large workgroups.
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

/** The browser's GPU computes on the processor, and was not asked for. */
export class SoftwareGpuError extends DeviceError {
  constructor(adapterName: string) {
    super(
      'software-gpu',
      `The browser offers no GPU but one that computes on the processor (${adapterName}).`,
      {
        remedy: `${noAdapterRemedy} With ?gpu=software in the address, Drift uses it all the same.`,
        details: { adapter: adapterName },
      },
    );
  }
}

/** The error of everything that is asked of a device that is gone. */
export function deviceLostError(info: Pick<GPUDeviceLostInfo, 'reason' | 'message'>): DeviceError {
  return new DeviceError('device-lost', 'The GPU stopped working.', {
    remedy:
      'Your frames are kept. Start again; if it happens again, choose a smaller picture or batch, or close other programs that use the GPU.',
    details: { reason: info.reason, message: info.message },
  });
}

/**
 * Asks for the fastest GPU there is, with its limits raised and the features that Drift and ONNX Runtime use. Its shaders
 * are mended on the way: see `mendShaders`.
 *
 * @param gpu `navigator.gpu`
 * @param options `allowFloat16` false leaves float16 off although the GPU has it; `allowSoftware` false refuses a GPU that
 *   computes on the processor; `sums` says what ONNX Runtime's kernels
 *   add in where tensors are float16, float32 unless a GPU is found where that costs more than it gives
 * @throws DeviceError `no-adapter` when the browser offers no GPU, SoftwareGpuError, DeviceError `device-failed` when it cannot be opened
 */
export async function requestComputeDevice(
  gpu: GPU,
  options: { allowFloat16: boolean; allowSoftware?: boolean; sums?: MendOptions['sums'] },
): Promise<ComputeDevice> {
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (adapter === null) {
    throw new DeviceError('no-adapter', 'The browser offers no GPU.', { remedy: noAdapterRemedy });
  }
  const wanted: readonly GPUFeatureName[] = [
    ...(options.allowFloat16 ? ['shader-f16' as const] : []),
    'timestamp-query',
    'subgroups',
  ];
  const { name: adapterName, software } = describeAdapter(adapter);
  if (software && options.allowSoftware === false) throw new SoftwareGpuError(adapterName);
  let device: GPUDevice;
  try {
    device = await adapter.requestDevice({
      label: 'drift',
      requiredFeatures: wanted.filter((feature) => adapter.features.has(feature)),
      // A limit that the browser does not know yet has the value undefined, which older ones refuse.
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
  mendShaders(device, { sums: options.sums ?? 'float32' });
  return {
    device,
    adapterName,
    float16: device.features.has('shader-f16'),
    software,
    lost: device.lost.then(deviceLostError),
  };
}
