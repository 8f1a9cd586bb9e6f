import * as v from 'valibot';

/** The values that an error is about: what was found, what was expected, where. */
export type ErrorDetails = Readonly<Record<string, string | number | boolean | null>>;

/**
 * An error that a person can act on.
 *
 * `message` says what happened, `remedy` what to do about it, `code` is stable and meant for programs and tests,
 * `details` carries the offending values. Subclasses say which part of Drift found it.
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

/** A picture, an archive or another file that the user gave cannot be used. */
export class InputError extends DriftError {
  override readonly name = 'InputError';

  /** The same error, saying which of several files it is about. */
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

/** A weight file is damaged, cut short, lies about itself, or holds something that Drift refuses to run. */
export class CheckpointError extends DriftError {
  override readonly name = 'CheckpointError';
}

/** A model's manifest or configuration asks for something that Drift does not have. */
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

/** A project's file, or the project itself, is damaged or cannot be used as asked. */
export class ProjectError extends DriftError {
  override readonly name = 'ProjectError';
}

/** The browser's storage is full, forbidden, or does not answer. */
export class StorageError extends DriftError {
  override readonly name = 'StorageError';
}

/** A worker died or answered with something that is not in the protocol. */
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

/** An error as it crosses a worker's border: structured clone keeps no class, no code and no remedy. */
export const wireErrorSchema = v.object({
  name: v.string(),
  message: v.string(),
  code: v.string(),
  remedy: v.string(),
  // Not being a number may be the very thing that is wrong.
  details: v.record(v.string(), v.union([v.string(), v.number(), v.nan(), v.boolean(), v.null()])),
  stack: v.optional(v.string()),
});
export type WireError = v.InferOutput<typeof wireErrorSchema>;

/** True for the error that a stopped operation throws: stopping is not a failure and is never shown as one. */
export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError';
}

/** Flattens any thrown value so that it survives `postMessage`; `errorFromWire` is its inverse. */
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
    message: error instanceof Error ? error.message : inWords(error),
    code: 'unexpected',
    remedy:
      'Try again. If it happens again, reload the page; what you have made so far can be downloaded first.',
    details: {},
    ...stack,
  };
}

/** What was thrown, which can be anything, even something that refuses to become a string. */
function inWords(thrown: unknown): string {
  try {
    return String(thrown);
  } catch {
    return 'Something was thrown that is no error.';
  }
}

/** Rebuilds an error of its own class, so that `instanceof`, `code` and `remedy` hold on both sides. */
export function errorFromWire(wire: WireError): Error {
  if (wire.name === 'AbortError') return new DOMException(wire.message, 'AbortError');
  const Class = Object.entries(classes).find(([name]) => name === wire.name)?.[1] ?? WorkerError;
  const error = new Class(wire.code, wire.message, { remedy: wire.remedy, details: wire.details });
  if (wire.stack !== undefined) error.stack = wire.stack;
  return error;
}
