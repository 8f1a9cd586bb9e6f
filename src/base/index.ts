/** What every layer may lean on: errors that cross a worker's border, pictures, and how work is stopped. */
export {
  DriftError,
  CheckpointError,
  DeviceError,
  InputError,
  MediaError,
  ModelError,
  SettingsError,
  WorkerError,
  errorFromWire,
  errorToWire,
  isAbort,
  wireErrorSchema,
} from './errors.ts';
export type { ErrorDetails, WireError } from './errors.ts';
export type { Picture } from './picture.ts';
