import * as v from 'valibot';

/** Values that caused an error: found, expected, file, offset. */
export type ErrorDetails = Readonly<Record<string, string | number | boolean | null>>;

/**
 * Base class of errors that a user can act on.
 *
 * `message` says what happened and `remedy` what to do about it. `code` is stable, for programs and tests. `details`
 * holds the offending values. The subclass names the part of Drift that failed.
 */
export class DriftError extends Error {
  override readonly name: string = 'DriftError';
  readonly code: string;
  readonly remedy: string;
  readonly details: ErrorDetails;

  constructor(
    code: string,
    message: string,
    options: { remedy: string; details?: ErrorDetails; cause?: unknown },
  ) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.remedy = options.remedy;
    this.details = options.details ?? {};
  }
}

/** A picture, archive or other file from the user cannot be used. */
export class InputError extends DriftError {
  override readonly name = 'InputError';

  /** Copy of this error with the file's name in its message and details, for errors about one of several files. */
  about(file: string): InputError {
    const { code, message, remedy, details } = this;
    return new InputError(code, `${file}: ${message}`, {
      remedy,
      details: { ...details, file },
      cause: this,
    });
  }
}

/** A setting is outside its range or does not fit the model. */
export class SettingsError extends DriftError {
  override readonly name = 'SettingsError';
}

/** A weight file is damaged, truncated, inconsistent, or contains something that Drift refuses to run. */
export class CheckpointError extends DriftError {
  override readonly name = 'CheckpointError';
}

/** A model's manifest or configuration is invalid, or needs something that Drift does not support. */
export class ModelError extends DriftError {
  override readonly name = 'ModelError';
}

/** The GPU is missing, lost, or too small. */
export class DeviceError extends DriftError {
  override readonly name = 'DeviceError';
}

/** An animation could not be written. */
export class MediaError extends DriftError {
  override readonly name = 'MediaError';
}

/** A project or its file is damaged, or cannot be used as asked. */
export class ProjectError extends DriftError {
  override readonly name = 'ProjectError';
}

/** The browser's storage is full, not permitted, or does not respond. */
export class StorageError extends DriftError {
  override readonly name = 'StorageError';
}

/** A worker died, or sent a message outside the protocol. */
export class WorkerError extends DriftError {
  override readonly name = 'WorkerError';
}

const classes = {
  DriftError,
  InputError,
  SettingsError,
  CheckpointError,
  ModelError,
  DeviceError,
  MediaError,
  ProjectError,
  StorageError,
  WorkerError,
};

/** Schema of an error in a message: structured clone keeps neither the class nor `code` and `remedy`. */
export const wireErrorSchema = v.object({
  name: v.string(),
  message: v.string(),
  code: v.string(),
  remedy: v.string(),
  // NaN is allowed: it may be the value that was wrong.
  details: v.record(v.string(), v.union([v.string(), v.number(), v.nan(), v.boolean(), v.null()])),
  stack: v.optional(v.string()),
});
export type WireError = v.InferOutput<typeof wireErrorSchema>;

/** True for the `AbortError` of a cancelled operation, which is never shown as a failure. */
export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError';
}

/** Converts any thrown value to a plain object that `postMessage` can clone; `errorFromWire` is the inverse. */
export function errorToWire(error: unknown): WireError {
  const stack = error instanceof Error && error.stack !== undefined ? { stack: error.stack } : {};
  if (error instanceof DriftError) {
    const { name, message, code, remedy, details } = error;
    return { name, message, code, remedy, details: { ...details }, ...stack };
  }
  if (isAbort(error)) {
    return { name: 'AbortError', message: 'Stopped.', code: 'aborted', remedy: '', details: {} };
  }
  return {
    name: 'WorkerError',
    message: error instanceof Error ? error.message : thrownInWords(error),
    code: 'unexpected',
    remedy:
      'Try again. If it happens again, reload the page; what you have made so far can be downloaded first.',
    details: {},
    ...stack,
  };
}

/** `String(thrown)`, which may itself throw. */
function thrownInWords(thrown: unknown): string {
  try {
    return String(thrown);
  } catch {
    return 'A value was thrown that is not an error.';
  }
}

/** Rebuilds an error with its class, so that `instanceof`, `code` and `remedy` work across workers. */
export function errorFromWire(wire: WireError): Error {
  if (wire.name === 'AbortError') return new DOMException(wire.message, 'AbortError');
  const Class = Object.entries(classes).find(([name]) => name === wire.name)?.[1] ?? WorkerError;
  const error = new Class(wire.code, wire.message, { remedy: wire.remedy, details: wire.details });
  if (wire.stack !== undefined) error.stack = wire.stack;
  return error;
}
