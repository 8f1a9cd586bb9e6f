import { StorageError, isAbort } from '../../base/index.ts';
import type { ModelFiles } from './files.ts';

/** "1.7 GB", as people count bytes. */
export function bytesInWords(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB'];
  const power = Math.min(3, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  const value = bytes / 1000 ** power;
  return `${power > 0 && value < 10 ? value.toFixed(1) : Math.round(value)} ${units[power] ?? ''}`;
}

/** The error for a disk that has too little room; what is there stays. `free` is null where nobody knows. */
export function storageFull(needed: number, free: number | null, cause?: unknown): StorageError {
  const left = free === null ? '' : `, and ${bytesInWords(free)} are free`;
  return new StorageError('storage-full', `This model still needs ${bytesInWords(needed)} on disk${left}.`, {
    remedy: 'Make room on this device, then go on: what has been downloaded is kept.',
    details: { needed, free },
    cause,
  });
}

/** Whether a store refused bytes because it is full: browsers and Node say it differently. */
function isFull(error: unknown): boolean {
  if (error instanceof DOMException) return error.name === 'QuotaExceededError';
  return error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
}

/**
 * Does something with a store.
 *
 * @param needed - how many bytes are still to be written, for the error
 * @throws StorageError `storage-full`, or `storage-unavailable` for anything else that the store refuses
 */
export async function storing<T>(
  files: Pick<ModelFiles, 'room'>,
  needed: () => number,
  work: () => T | Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (isAbort(cause) || cause instanceof StorageError) throw cause;
    if (isFull(cause)) {
      const missing = needed();
      const told = await files.room().catch(() => null);
      // Some browsers tell every page the same figure, so that none learns of the disk: it is no answer here.
      const free = told !== null && told < missing ? told : null;
      throw storageFull(missing, free, cause);
    }
    throw new StorageError('storage-unavailable', 'The model could not be kept on this device.', {
      remedy:
        'Check that no other tab is downloading it and that the browser may store data, then try again.',
      details: { problem: cause instanceof Error ? cause.message : String(cause) },
      cause,
    });
  }
}
