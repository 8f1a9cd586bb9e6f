import { Pipeline } from '../src/diffusion/index.ts';
import type { PipelineOptions } from '../src/diffusion/index.ts';
import { createModel } from '../src/models/index.ts';
import type { OpenedModel } from '../src/models/index.ts';
import type { BackendChoice, LoadedModel } from '../src/protocol/index.ts';
import type { Backend } from './backend.ts';
import type { PromptCache, PromptDevice } from './prompts.ts';

/** The loaded model, on its backend. */
export interface ModelInUse {
  readonly parts: OpenedModel['parts'];
  readonly choice: BackendChoice;
  readonly backend: Backend;
  readonly lowMemory: boolean;
  readonly pipeline: Pipeline;
  readonly prompts: PromptCache;
  /** Releases the lock on the model's files, which are read while it is loaded. */
  readonly letGo: () => void;
}

/** Creates a model's pipeline on a backend, without loading anything. */
export function pipelineOn(
  { compute, runtime, target }: Backend,
  parts: ModelInUse['parts'],
  options: PipelineOptions,
): Pipeline {
  return new Pipeline(compute, runtime, createModel(parts, target), options);
}

/** The device that encodes prompts; in low memory, the pipeline releases its networks first. */
export function promptDevice(
  { compute, runtime }: Backend,
  pipeline: Pipeline,
  lowMemory: boolean,
): PromptDevice {
  return { compute, runtime, ...(lowMemory && { freeMemory: () => pipeline.release() }) };
}

/** Description of a loaded model for the page. */
export function describe(
  { manifest, fixedPrompts, text }: OpenedModel,
  { backend, pipeline }: ModelInUse,
  { defaults, largestSide }: Pick<LoadedModel, 'defaults' | 'largestSide'>,
): LoadedModel {
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
    defaults,
    largestSide,
    device: backend.device,
  };
}
