/** Shared by all layers: errors, pictures, float16, queue, cancellation, caches. */
export {
  DriftError,
  CheckpointError,
  DeviceError,
  InputError,
  MediaError,
  ModelError,
  ProjectError,
  SettingsError,
  StorageError,
  WorkerError,
  errorFromWire,
  errorToWire,
  isAbort,
  wireErrorSchema,
} from './errors.ts';
export type { ErrorDetails, WireError } from './errors.ts';
export { mostLatentChannels } from './latent-size.ts';
export type { LatentSize } from './latent-size.ts';
export { isOpaque, pixelRms } from './picture.ts';
export type { Picture } from './picture.ts';
export type { NetworkPrecision } from './precision.ts';
export { bfloat16ToFloat32, float16ToFloat32, float32ToFloat16, measureForFloat16 } from './float16.ts';
export type { Float16Fit } from './float16.ts';
export { anySignal } from './any-signal.ts';
export { abortable, abortReason, allOrNone, createQueue } from './queue.ts';
export type { Queue } from './queue.ts';
export { concatBytes } from './bytes.ts';
export { freeNow } from './free.ts';
export { throttled } from './throttle.ts';
export { AppendList } from './append-list.ts';
export { insecureRemedy, isInsecureContext } from './secure-context.ts';
export { randomUuid } from './uuid.ts';
export { LruCache } from './lru.ts';
export { LongLivedPromise } from './long-lived-promise.ts';
export { serviceMessageSchema, sharedFilesCache } from './offline.ts';
export type { ServiceMessage } from './offline.ts';
export { isTransient } from './transient.ts';
export { mostFrames } from './project-limits.ts';
export { removeEmpty } from './remove-empty.ts';
