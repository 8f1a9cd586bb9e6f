/** What the page and the workers say to each other: typed requests with progress and a way to stop, parsed on arrival. */
export { connect } from './client.ts';
export type { CallOptions, Connection } from './client.ts';
export { serve } from './server.ts';
export type { Handler, Handlers, Port } from './server.ts';
export { diffusionApi } from './diffusion.ts';
export type {
  FrameInsight,
  GenerateEvent,
  GenerationProgress,
  LoadEvent,
  LoadedModel,
  PickPace,
  PickState,
  RoundEvent,
} from './diffusion.ts';
export { mediaApi } from './media.ts';
export type { EncodeProgress, Fit } from './media.ts';
export type { Api } from './messages.ts';
