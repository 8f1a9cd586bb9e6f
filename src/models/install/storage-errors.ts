import { StorageError, insecureRemedy, isAbort, isInsecureContext } from '../../base/index.ts';
import type { ModelFiles } from './files.ts';

/** Formats a number of bytes in decimal units, such as "1.7 GB". */
export function bytesInWords(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB'];
  const power = Math.min(3, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  const value = bytes / 1000 ** power;
  return `${power > 0 && value < 10 ? value.toFixed(1) : Math.round(value)} ${units[power] ?? ''}`;
}

/** Error for insufficient storage; what is stored stays. `free` is null if unknown. */
export function storageFullError(needed: number, free: number | null, cause?: unknown): StorageError {
  const left = free === null ? '' : `, and ${bytesInWords(free)} are free`;
  return new StorageError('storage-full', `This model still needs ${bytesInWords(needed)} on disk${left}.`, {
    remedy: 'Free some storage on this device, then resume: what has been downloaded is kept.',
    details: { needed, free },
    cause,
  });
}

/** True if storage is full, which browsers and Node report differently. */
function isFull(error: unknown): boolean {
  if (error instanceof DOMException) return error.name === 'QuotaExceededError';
  return error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
}

/**
 * Runs a storage operation and translates its errors.
 *
 * @param needed Bytes still to be written, for the error message.
 * @throws StorageError `storage-full`, or `storage-unavailable` for any other failure
 */
export async function withStorageErrors<T>(
  files: Pick<ModelFiles, 'freeSpace'>,
  needed: () => number,
  work: () => T | Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (isAbort(cause) || cause instanceof StorageError) throw cause;
    if (isFull(cause)) {
      const missing = needed();
      const reported = await files.freeSpace().catch(() => null);
      // Some browsers report a fixed number against fingerprinting, which contradicts the failure.
      const free = reported !== null && reported < missing ? reported : null;
      throw storageFullError(missing, free, cause);
    }
    throw new StorageError('storage-unavailable', 'The model could not be kept on this device.', {
      remedy: isInsecureContext()
        ? insecureRemedy
        : 'Check that no other tab is downloading it and that the browser may store data, then try again.',
      details: { problem: cause instanceof Error ? cause.message : String(cause) },
      cause,
    });
  }
}
