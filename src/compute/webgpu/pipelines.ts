import { DeviceError } from '../../base/index.ts';
import type { ModelType } from '../types.ts';
import blend_tile from './kernels/blend_tile.wgsl?raw';
import clip_guidance from './kernels/clip_guidance.wgsl?raw';
import clip_preprocess from './kernels/clip_preprocess.wgsl?raw';
import cosines from './kernels/cosines.wgsl?raw';
import cut_tile from './kernels/cut_tile.wgsl?raw';
import dpm_solver_step from './kernels/dpm_solver_step.wgsl?raw';
import frame_from_decoded from './kernels/frame_from_decoded.wgsl?raw';
import gaussian_noise from './kernels/gaussian_noise.wgsl?raw';
import latent_preview from './kernels/latent_preview.wgsl?raw';
import lerp from './kernels/lerp.wgsl?raw';
import model_input from './kernels/model_input.wgsl?raw';

const sources = {
  blend_tile,
  clip_guidance,
  clip_preprocess,
  cosines,
  cut_tile,
  dpm_solver_step,
  frame_from_decoded,
  gaussian_noise,
  latent_preview,
  lerp,
  model_input,
};
export type KernelName = keyof typeof sources;

/** Prepended to a kernel's first line, without a newline, so that line numbers in messages stay correct. */
const prelude: Record<ModelType, string> = {
  float32: 'alias model_t = f32; ',
  float16: 'enable f16; alias model_t = f16; ',
};

/**
 * Compiles one kernel.
 *
 * @param source WGSL, in which `model_t` stands for the networks' number type.
 * @throws DeviceError `shader-failed` with the compiler's messages
 */
export async function compileKernel(
  device: GPUDevice,
  name: string,
  source: string,
  type: ModelType,
): Promise<GPUComputePipeline> {
  // The error scope prevents a second report as an uncaptured error.
  device.pushErrorScope('validation');
  const module = device.createShaderModule({ label: name, code: prelude[type] + source });
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

const keyOf = (name: KernelName, type: ModelType): string =>
  `${name} ${sources[name].includes('model_t') ? type : 'float32'}`;

/**
 * Compiles every kernel for each number type, concurrently.
 *
 * @throws DeviceError `shader-failed`
 */
export async function compilePipelines(device: GPUDevice, modelType: ModelType): Promise<Pipelines> {
  const types: readonly ModelType[] = modelType === 'float16' ? ['float32', 'float16'] : ['float32'];
  const names: readonly KernelName[] = [
    'blend_tile',
    'clip_guidance',
    'clip_preprocess',
    'cosines',
    'cut_tile',
    'dpm_solver_step',
    'frame_from_decoded',
    'gaussian_noise',
    'latent_preview',
    'lerp',
    'model_input',
  ];
  const pending = new Map<string, Promise<readonly [string, GPUComputePipeline]>>();
  for (const name of names) {
    for (const type of types) {
      const key = keyOf(name, type);
      if (pending.has(key)) continue;
      const compiled = compileKernel(device, name, sources[name], type);
      pending.set(
        key,
        compiled.then((pipeline) => [key, pipeline] as const),
      );
    }
  }
  const pipelines = new Map(await Promise.all(pending.values()));
  return (name, type = 'float32') => {
    const pipeline = pipelines.get(keyOf(name, type));
    if (pipeline !== undefined) return pipeline;
    throw new DeviceError('shader-failed', `This GPU was opened without ${type}.`, {
      remedy: 'Reload the page.',
      details: { kernel: name, type },
    });
  };
}
