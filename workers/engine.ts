import { automatic, makeRound } from '../src/animation/index.ts';
import type { RoundEvent, RoundInput, RoundWatch } from '../src/animation/index.ts';
import { DeviceError, DriftError, ModelError } from '../src/base/index.ts';
import { createCpuCompute, createWebGpuCompute, requestComputeDevice } from '../src/compute/index.ts';
import type { Compute } from '../src/compute/index.ts';
import { Pipeline } from '../src/diffusion/index.ts';
import { createModel, openModel, targetFor } from '../src/models/index.ts';
import type { OpenedModel, Target } from '../src/models/index.ts';
import type { GenerateEvent, LoadEvent, LoadedModel } from '../src/protocol/index.ts';
import { usableSettings } from '../src/project/index.ts';
import type { Settings } from '../src/project/index.ts';
import { chooseBuild, createRuntime, loadOrt } from '../src/runtime/index.ts';
import type { Runtime } from '../src/runtime/index.ts';
import { wasmAssets } from '../src/runtime/assets.ts';
import { Prompts } from './prompts.ts';
import type { Picture } from '../src/base/index.ts';

type Backend = 'auto' | 'webgpu' | 'cpu';

/** What computes: a device, the operations on it, and ONNX Runtime on the same device. */
interface Machine {
  readonly compute: Compute;
  readonly runtime: Runtime;
  readonly device: LoadedModel['device'];
  readonly target: Target;
  /** Frees the device; tensors and sessions on it are gone. */
  dispose(): void;
}

/** The largest UNet that WebAssembly's memory holds, in weights of float32. */
const largestOnCpu = 350e6;

/** The CPU provider gains little from more threads than this on networks of the size that it can hold. */
const mostThreads = 4;

/**
 * Opens the best machine that there is.
 *
 * @throws DeviceError when a GPU was asked for by name and there is none
 */
async function openMachine(backend: Backend): Promise<Machine> {
  let reason = '';
  if (backend !== 'cpu') {
    try {
      // Old browsers, and pages that are not secure, have none.
      if (!('gpu' in navigator)) throw noWebGpu();
      const { device, adapterName, float16, software } = await requestComputeDevice(navigator.gpu, {
        allowFloat16: true,
      });
      const compute = await createWebGpuCompute(device, float16 ? 'float16' : 'float32');
      return {
        compute,
        runtime: createRuntime(await ort('webgpu'), device),
        device: { kind: 'webgpu', precision: compute.modelType, name: adapterName, reason: '' },
        target: targetFor(compute.modelType, software),
        dispose: () => {
          compute.dispose();
          device.destroy();
        },
      };
    } catch (error) {
      if (backend === 'webgpu' || !(error instanceof DriftError)) throw error;
      reason = error.message;
    }
  }
  const compute = createCpuCompute();
  return {
    compute,
    runtime: createRuntime(await ort('cpu'), null),
    device: { kind: 'cpu', precision: 'float32', name: '', reason },
    target: targetFor('float32', false),
    dispose: () => {
      compute.dispose();
    },
  };
}

function noWebGpu(): DeviceError {
  return new DeviceError('no-webgpu', 'This browser has no WebGPU.', {
    remedy: 'Use a current Chrome, Edge, Safari or Firefox.',
  });
}

async function ort(kind: 'webgpu' | 'cpu') {
  const build = chooseBuild(kind);
  const threads =
    kind === 'cpu' && self.crossOriginIsolated ? Math.min(mostThreads, navigator.hardwareConcurrency) : 1;
  return loadOrt({ build, source: wasmAssets(build), threads });
}

/** A model that is ready, on its machine. */
interface Loaded {
  readonly pipeline: Pipeline;
  readonly prompts: Prompts;
}

export interface GenerateInput {
  readonly start: Picture;
  readonly firstFrame: number;
  readonly settings: Settings;
  readonly previews: boolean;
}

/** The diffusion worker's state: one machine, and one model on it. */
export class Engine {
  #machine: { readonly backend: Backend; readonly machine: Machine } | null = null;
  #loaded: Loaded | null = null;

  /** Loads a model; the one before is released first. */
  async load(
    url: string,
    backend: Backend,
    signal: AbortSignal,
    emit: (event: LoadEvent) => void,
  ): Promise<LoadedModel> {
    const previous = this.#loaded;
    this.#loaded = null;
    await previous?.pipeline.release();

    const opened = await openModel(url, {
      signal,
      onDownload: (part, done, of) => {
        emit({ stage: 'download', part, done, of });
      },
    });
    const { compute, runtime, device, target } = await this.#open(backend);
    const { manifest, parts, fixedPrompts, text } = opened;
    if (device.kind === 'cpu') checkFitsCpu(opened);
    const defaults = usableSettings(manifest.defaults);

    const pipeline = new Pipeline(compute, runtime, createModel(parts, target));
    try {
      await pipeline.prepare(defaults.width ?? manifest.size, defaults.height ?? manifest.size, {
        signal,
        onNetwork: (part, done, of) => {
          emit({ stage: 'session', part, done, of });
        },
      });
    } catch (error) {
      await pipeline.release();
      throw error;
    }
    this.#loaded = { pipeline, prompts: new Prompts(fixedPrompts, text, compute, runtime) };
    return {
      name: manifest.name,
      description: manifest.description,
      licence: manifest.licence,
      size: manifest.size,
      latentScale: pipeline.model.latentScale,
      prompts: fixedPrompts ? 'fixed' : text ? 'text' : 'none',
      fixedPrompts: {
        positive: [...(fixedPrompts?.positive ?? [])],
        negative: [...(fixedPrompts?.negative ?? [])],
      },
      defaults: { width: manifest.size, height: manifest.size, ...defaults },
      device,
    };
  }

  /** Automatic mode. Frames are reported as they are made. */
  async generate(
    { start, firstFrame, settings, previews }: GenerateInput,
    signal: AbortSignal,
    emit: (event: GenerateEvent, transfer?: Transferable[]) => void,
  ): Promise<{ frames: number; seconds: number }> {
    const { pipeline, prompts: allPrompts } = this.#model();
    const began = performance.now();
    const prompts = await allPrompts.embeds(settings, signal);
    try {
      const frames = automatic(
        pipeline,
        { start, firstFrame, settings, prompts },
        {
          signal,
          onProgress: (progress) => {
            emit({ kind: 'progress', progress });
          },
          onPreview: previews
            ? (frame, picture) => {
                emit({ kind: 'preview', frame, picture }, [picture.data.buffer]);
              }
            : undefined,
        },
      );
      let count = 0;
      for await (const { index, picture, insight, seconds } of frames) {
        // Copied and not moved: the next frame is made from the same pixels.
        emit({ kind: 'frame', frame: index, picture, insight, seconds });
        count++;
      }
      return { frames: count, seconds: (performance.now() - began) / 1000 };
    } finally {
      prompts.text?.dispose();
    }
  }

  /** A round of picking by hand, made step by step as it is asked for more: see `makeRound`. */
  async *round(input: RoundInput, watch: RoundWatch): AsyncGenerator<RoundEvent, void, undefined> {
    const { pipeline, prompts } = this.#model();
    yield* makeRound(pipeline, input, (signal) => prompts.embeds(input.settings, signal), watch);
  }

  /** @throws ModelError `no-model` */
  #model(): Loaded {
    if (this.#loaded) return this.#loaded;
    throw new ModelError('no-model', 'There is no model to make frames with.', {
      remedy: 'Load a model first.',
    });
  }

  async #open(backend: Backend): Promise<Machine> {
    if (this.#machine?.backend !== backend) {
      this.#machine?.machine.dispose();
      this.#machine = null;
      this.#machine = { backend, machine: await openMachine(backend) };
    }
    return this.#machine.machine;
  }
}

/** @throws ModelError `needs-gpu` for a model that WebAssembly's memory cannot hold */
function checkFitsCpu({ manifest, parts }: OpenedModel): void {
  let weights = 0;
  for (const { dims } of parts.unet.checkpoint.tensors.values()) weights += dims.reduce((a, b) => a * b, 1);
  if (weights <= largestOnCpu) return;
  throw new ModelError('needs-gpu', `${manifest.name} is too large for the processor: it needs a GPU.`, {
    remedy: 'Use the built-in model here, or open Drift in a browser with WebGPU on a machine with a GPU.',
    details: { weights, limit: largestOnCpu },
  });
}
