import { StorageError, insecureRemedy, isAbort, isInsecureContext } from '../base/index.ts';

/**
 * Storage of picture files, one folder per project. A file is written before a record refers to it, so a file that a
 * crash left incomplete is an orphan.
 */
export interface ProjectFiles {
  /** Writes a file; resolves once it is on disk. Replaces a file of the same name. */
  write(project: string, name: string, bytes: Blob | Uint8Array<ArrayBuffer>): Promise<void>;
  /** Returns a file's contents, or null if it does not exist. */
  read(project: string, name: string): Promise<Blob | null>;
  /** Removes a file; does nothing if it does not exist. */
  remove(project: string, name: string): Promise<void>;
  /** Names of a project's files. */
  list(project: string): Promise<string[]>;
  /** Removes a project's folder and its files. */
  removeAll(project: string): Promise<void>;
  /** Ids of the projects that have a folder. */
  projects(): Promise<string[]>;
}

/** Locks of projects, shared by all workers of all tabs. Each method returns a function that releases the lock. */
export interface ProjectLocks {
  /**
   * Acquires the exclusive lock for writing to a project.
   *
   * @param timeout how long to wait, in milliseconds: a tab that is closing may still hold the lock
   * @returns null if another tab holds it
   */
  tryHold(project: string, timeout: number): Promise<(() => void) | null>;
  /** Acquires a shared lock for reading a project's files. Returns null while the project is being purged. */
  tryRead(project: string): Promise<(() => void) | null>;
  /** Acquires the exclusive lock for purging a project. Returns null while a reader holds the shared one. */
  tryPurge(project: string): Promise<(() => void) | null>;
}

/** Runs `work` under the read lock. Without the lock, the project is being purged, and `work` finds its files gone. */
export async function whileRead<T>(locks: ProjectLocks, project: string, work: () => Promise<T>): Promise<T> {
  const release = await locks.tryRead(project);
  try {
    return await work();
  } finally {
    release?.();
  }
}

/** Measures how many bytes can still be written; null if the browser does not say. */
export type MeasureFreeSpace = () => Promise<number | null>;

/**
 * Converts an error of the browser's storage to a StorageError: `storage-full`, or `storage-unavailable` if storage is
 * forbidden or broken. Cancellation, and errors that are no DOMException, are returned unchanged.
 */
export function storageError(error: unknown): unknown {
  if (!(error instanceof Error) || isAbort(error)) return error;
  if (error.name === 'QuotaExceededError') {
    return new StorageError('storage-full', 'There is no room left on this device to keep frames.', {
      remedy: 'Free some storage, for example by deleting projects that you do not need, then try again.',
      cause: error,
    });
  }
  if (!(error instanceof DOMException)) return error;
  const insecure = isInsecureContext();
  const message = insecure
    ? 'Projects cannot be kept, because this address is not secure.'
    : 'This browser does not let Drift keep projects.';
  return new StorageError('storage-unavailable', message, {
    remedy: insecure
      ? `${insecureRemedy} Download what you want to keep.`
      : 'In a private window that is usual. Download what you want to keep, or allow this page to store data.',
    details: { reason: `${error.name}: ${error.message}` },
    cause: error,
  });
}
