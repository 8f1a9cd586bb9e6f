/** Storage of workers: origin private file system, Web Locks, quota. */
import type { MeasureFreeSpace, ProjectFiles, ProjectLocks } from '../src/project/index.ts';
import { WorkerLocks } from './locks.ts';
import { openToWrite } from './opening.ts';

const folderName = 'projects';

/** Null instead of `NotFoundError`. */
export async function orNull<T>(promise: Promise<T>): Promise<T | null> {
  try {
    return await promise;
  } catch (error) {
    if (error instanceof DOMException && error.name === 'NotFoundError') return null;
    throw error;
  }
}

/** Opens the root directory. */
export type OpenRoot = () => Promise<FileSystemDirectoryHandle>;

/**
 * Opens the origin private file system.
 *
 * @throws DOMException `NotSupportedError` on insecure pages, `SecurityError` in private windows of some browsers
 */
export const privateRoot: OpenRoot = async () => {
  if ('storage' in navigator && 'getDirectory' in navigator.storage) return navigator.storage.getDirectory();
  throw new DOMException('This browser has no private file system.', 'NotSupportedError');
};

/**
 * Project pictures in the origin private file system, written through synchronous access handles, which all browsers
 * support in workers, and which can be flushed.
 */
export function privateFiles(open = privateRoot): ProjectFiles {
  async function root(create: boolean): Promise<FileSystemDirectoryHandle | null> {
    return orNull((await open()).getDirectoryHandle(folderName, { create }));
  }

  async function folder(project: string, create: boolean): Promise<FileSystemDirectoryHandle | null> {
    const parent = await root(create);
    return parent && orNull(parent.getDirectoryHandle(project, { create }));
  }

  /**
   * Folder of the last file read. Looking a folder up takes as long as reading a frame while the browser is busy with
   * playing; after a failure, the folder is looked up again.
   */
  let lastRead: { project: string; folder: FileSystemDirectoryHandle } | null = null;

  async function namesIn(parent: FileSystemDirectoryHandle | null): Promise<string[]> {
    const names: string[] = [];
    if (parent) for await (const name of parent.keys()) names.push(name);
    return names;
  }

  return {
    async write(project, name, bytes) {
      const parent = await folder(project, true);
      if (!parent) return;
      const file = await parent.getFileHandle(name, { create: true });
      const handle = await openToWrite(file);
      try {
        handle.truncate(0);
        const whole = bytes instanceof Blob ? new Uint8Array(await bytes.arrayBuffer()) : bytes;
        const written = handle.write(whole, { at: 0 });
        if (written !== whole.length) {
          throw new DOMException('The file could not be written whole.', 'QuotaExceededError');
        }
        handle.flush();
      } catch (error) {
        handle.close();
        // Frees the part that was written.
        await orNull(parent.removeEntry(name));
        throw error;
      }
      handle.close();
    },
    async read(project, name) {
      const known = lastRead?.project === project ? await orNull(lastRead.folder.getFileHandle(name)) : null;
      if (known) return known.getFile();
      const parent = await folder(project, false);
      lastRead = parent && { project, folder: parent };
      const file = parent && (await orNull(parent.getFileHandle(name)));
      return file && file.getFile();
    },
    async remove(project, name) {
      const parent = await folder(project, false);
      if (parent) await orNull(parent.removeEntry(name));
    },
    list: async (project) => namesIn(await folder(project, false)),
    async removeAll(project) {
      const parent = await root(false);
      if (parent) await orNull(parent.removeEntry(project, { recursive: true }));
    },
    projects: async () => namesIn(await root(false)),
  };
}

/** Locks of projects, shared by all tabs. */
export function projectLocks(locks = new WorkerLocks()): ProjectLocks {
  const reading = (project: string, mode: LockMode) => locks.tryHold(`drift.reading:${project}`, 0, mode);
  return {
    tryHold: (project, timeout) => locks.tryHold(`drift.project:${project}`, timeout),
    tryRead: (project) => reading(project, 'shared'),
    tryPurge: (project) => reading(project, 'exclusive'),
  };
}

/** Bytes available according to the browser; null if unknown. */
export const measureFreeSpace: MeasureFreeSpace = async () => {
  if (!('storage' in navigator)) return null;
  const { quota, usage } = await navigator.storage.estimate();
  return quota === undefined || usage === undefined ? null : Math.max(0, quota - usage);
};
