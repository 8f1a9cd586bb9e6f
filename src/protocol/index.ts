/** Typed RPC between page and workers, with progress events and cancellation; messages are validated on arrival. */
export { connect } from './client.ts';
export type { CallOptions, Connection } from './client.ts';
export { serve } from './server.ts';
export type { Handler, Handlers, MessageEndpoint } from './server.ts';
export { diffusionApi, precisionSchema } from './diffusion.ts';
// Stored with every frame, so it is defined in `project`.
export type { FrameInsight } from '../project/index.ts';
export type {
  EngineNotice,
  GenerateEvent,
  GenerationProgress,
  LoadEvent,
  LoadedModel,
  ModelLocation,
  PickEvent,
  PickActivity,
  RoundEvent,
} from './diffusion.ts';
export { backendChoiceSchema } from './device.ts';
export type { BackendChoice, Device } from './device.ts';
export { mediaApi } from './media.ts';
export type { EncodeProgress, Fit } from './media.ts';
export { modelIdSchema, modelsApi } from './models.ts';
export type {
  GetEvent,
  InstalledModel,
  ModelCost,
  ModelOrigin,
  ModelProgress,
  WantedModel,
} from './models.ts';
export { projectHandlers } from './project-handlers.ts';
export { projectsApi } from './projects.ts';
export { parseMessage } from './messages.ts';
export type { Api, Event, Params, Result } from './messages.ts';
