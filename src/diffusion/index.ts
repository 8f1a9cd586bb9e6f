/** Denoising schedule, interpolation, and the pipeline that runs the networks of a frame. */
export type { DeviceTensor, GuidanceTerms } from '../compute/index.ts';
export type { DenoiseOptions, DenoisingOptions, DenoisingStep } from './denoiser.ts';
export { NotFiniteError } from './overflow.ts';
export type { OverflowFlags, FallbackReason } from './overflow.ts';
export { segmentPoints } from './interpolation.ts';
export type { SegmentPoint } from './interpolation.ts';
export type { DiffusionModel, ModelShape } from './networks.ts';
export { Pipeline } from './pipeline.ts';
export type { PipelineOptions, PrepareOptions } from './pipeline.ts';
export { encodePrompts } from './prompts.ts';
export type { PromptEncoder } from './prompts.ts';
export { createSchedule, timestepFeatures } from './scheduler.ts';
export type { NoiseSchedule, Schedule, TimestepEncoding } from './scheduler.ts';
export { Scope } from './scope.ts';
