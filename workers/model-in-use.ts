import { Pipeline } from '../src/diffusion/index.ts';
import type { PipelineOptions } from '../src/diffusion/index.ts';
import { createModel } from '../src/models/index.ts';
import type { OpenedModel } from '../src/models/index.ts';
import type { Backend, LoadedModel } from '../src/protocol/index.ts';
import type { Machine } from './machine.ts';
import type { KnownPrompts, PromptDevice } from './prompts.ts';

/** The model that frames are made with, on its machine. */
export interface ModelInUse {
  readonly parts: OpenedModel['parts'];
  readonly backend: Backend;
  readonly machine: Machine;
  readonly lowMemory: boolean;
  readonly pipeline: Pipeline;
  readonly prompts: KnownPrompts;
  /** Lets others change the model's files, which are read from as long as it is loaded. */
  readonly letGo: () => void;
}

/** A model's pipeline on a machine. Nothing is on the device before it is used or prepared. */
export function pipelineOn(
  { compute, runtime, target }: Machine,
  parts: ModelInUse['parts'],
  options: PipelineOptions,
): Pipeline {
  return new Pipeline(compute, runtime, createModel(parts, target), options);
}

export function promptDevice(
  { compute, runtime }: Machine,
  pipeline: Pipeline,
  lowMemory: boolean,
): PromptDevice {
  return { compute, runtime, ...(lowMemory && { makeRoom: () => pipeline.release() }) };
}

/** What the page is told of a model that is ready. */
export function describe(
  { manifest, fixedPrompts, text }: OpenedModel,
  { machine, pipeline }: ModelInUse,
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
    device: machine.device,
  };
}
