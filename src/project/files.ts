import { StorageError, insecureRemedy, isAbort, isInsecureContext } from '../base/index.ts';

/**
 * Where pictures are kept: a folder for each project. A file is written once under a name of its own and only then
 * named by a record, so a file that a crash left half-written belongs to nothing.
 */
export interface ProjectFiles {
  /** Writes a file whole; resolves once it is on disk. A file of the same name is replaced. */
  write(project: string, name: string, bytes: Blob | Uint8Array<ArrayBuffer>): Promise<void>;
  /** A file's contents, or null when there is no such file. */
  read(project: string, name: string): Promise<Blob | null>;
  /** Removes a file; one that is not there is removed already. */
  remove(project: string, name: string): Promise<void>;
  /** The names of a project's files. */
  list(project: string): Promise<string[]>;
  /** Removes a project's folder with all that is in it. */
  removeAll(project: string): Promise<void>;
  /** The projects that have a folder. */
  projects(): Promise<string[]>;
}

/** Locks of projects, which all workers of all tabs share. Each method returns what releases the lock. */
export interface ProjectLocks {
  /**
   * Takes the lock for writing to a project, which one tab has at a time.
   *
   * @param patience how long to wait for it, in milliseconds: a tab that is being closed may still hold it
   * @returns null when another tab has it
   */
  tryHold(project: string, patience: number): Promise<(() => void) | null>;
  /** Takes a lock, beside others, under which a project's files may be read. Returns null while it is being purged. */
  tryRead(project: string): Promise<(() => void) | null>;
  /** Takes the lock for purging a project. Returns null while somebody reads it. */
  tryPurge(project: string): Promise<(() => void) | null>;
}

/** Reads a project's files while no tab may purge it; one that is being purged is gone for `work`. */
export async function whileRead<T>(locks: ProjectLocks, project: string, work: () => Promise<T>): Promise<T> {
  const release = await locks.tryRead(project);
  try {
    return await work();
  } finally {
    release?.();
  }
}

/** How many bytes can still be written; null where the browser does not say. */
export type MeasureRoom = () => Promise<number | null>;

/**
 * What went wrong with the browser's storage, as an error that a person can act on: `storage-full`, or
 * `storage-unavailable` where it is forbidden or broken. Errors that Drift meant, and stops, stay as they are.
 */
export function storageError(error: unknown): unknown {
  if (!(error instanceof Error) || isAbort(error)) return error;
  if (error.name === 'QuotaExceededError') {
    return new StorageError('storage-full', 'There is no room left on this device to keep frames.', {
      remedy: 'Make room, for one by deleting projects that you do not need, then try again.',
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
