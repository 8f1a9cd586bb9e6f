import { DeviceError } from '../../base/index.ts';
import type { ModelType } from '../types.ts';
import { kernels } from './kernels.ts';
import type { Kernel, KernelName } from './kernels.ts';
import { declarationOf } from './params.ts';

/** Tests bits, because shaders may assume that comparisons, `clamp` and `min` never see NaN. */
const isNan = 'fn is_nan(value: f32) -> bool { return (bitcast<u32>(value) & 0x7fffffffu) > 0x7f800000u; } ';

/** Prepended to a kernel's first line, without a newline, so that line numbers in messages stay correct. */
const prelude: Record<ModelType, string> = {
  float32: `alias model_t = f32; ${isNan}`,
  float16: `enable f16; alias model_t = f16; ${isNan}`,
};

/**
 * Compiles one kernel.
 *
 * @throws DeviceError `shader-failed` with the compiler's messages
 */
export async function compileKernel(
  device: GPUDevice,
  name: string,
  { source, params }: Kernel,
  type: ModelType,
): Promise<GPUComputePipeline> {
  // The error scope prevents a second report as an uncaptured error.
  device.pushErrorScope('validation');
  const module = device.createShaderModule({
    label: name,
    code: prelude[type] + declarationOf(params) + source,
  });
  const scope = device.popErrorScope();
  try {
    return await device.createComputePipelineAsync({
      label: `${name} ${type}`,
      layout: 'auto',
      compute: { module, entryPoint: 'main' },
    });
  } catch (cause) {
    const { messages } = await module.getCompilationInfo();
    const reason =
      messages.length > 0
        ? messages.map(({ lineNum, linePos, message }) => `${lineNum}:${linePos} ${message}`).join('\n')
        : String(cause);
    throw new DeviceError('shader-failed', `Your GPU's driver refused one of Drift's programs (${name}).`, {
      remedy: 'Update the browser and the graphics driver. The built-in model also runs without a GPU.',
      details: { kernel: name, type, reason },
      cause,
    });
  } finally {
    await scope.catch(() => null);
  }
}

/** Looks up the compiled pipeline of a kernel for a number type. */
export type Pipelines = (name: KernelName, type?: ModelType) => GPUComputePipeline;

const keyOf = (name: string, { source }: Kernel, type: ModelType): string =>
  `${name} ${source.includes('model_t') ? type : 'float32'}`;

/**
 * Compiles every kernel for each number type, concurrently.
 *
 * @throws DeviceError `shader-failed`
 */
export async function compilePipelines(device: GPUDevice, modelType: ModelType): Promise<Pipelines> {
  const types: readonly ModelType[] = modelType === 'float16' ? ['float32', 'float16'] : ['float32'];
  const pending = new Map<string, Promise<readonly [string, GPUComputePipeline]>>();
  for (const [name, kernel] of Object.entries(kernels)) {
    for (const type of types) {
      const key = keyOf(name, kernel, type);
      if (pending.has(key)) continue;
      const compiled = compileKernel(device, name, kernel, type);
      pending.set(
        key,
        compiled.then((pipeline) => [key, pipeline] as const),
      );
    }
  }
  const pipelines = new Map(await Promise.all(pending.values()));
  return (name, type = 'float32') => {
    const pipeline = pipelines.get(keyOf(name, kernels[name], type));
    if (pipeline !== undefined) return pipeline;
    throw new DeviceError('shader-failed', `This GPU was opened without ${type}.`, {
      remedy: 'Reload the page.',
      details: { kernel: name, type },
    });
  };
}
