import { ModelError } from './errors.ts';

/** Client errors (4xx) that may pass: timeout, too early, too many requests. */
const transientClientErrors = new Set([408, 425, 429]);
/** Server errors (5xx) that do not pass: not implemented, version not supported. */
const permanentServerErrors = new Set([501, 505]);

/** Whether a download failed for a reason that may pass: no network, or a server that is busy or down. */
export function isTransient(error: unknown): error is ModelError {
  if (!(error instanceof ModelError)) return false;
  if (error.code === 'network') return true;
  if (error.code !== 'http-failed') return false;
  const status = Number(error.details['status']);
  return transientClientErrors.has(status) || (status >= 500 && !permanentServerErrors.has(status));
}
