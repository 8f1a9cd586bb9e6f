/** What workers keep things with: the origin private file system, Web Locks, and the browser's quota. */
import type { MeasureRoom, ProjectFiles, ProjectLocks } from '../src/project/index.ts';
import { openToWrite } from './opening.ts';

const folderName = 'projects';

/** Missing files and folders are no failure where something may be missing. */
export async function orNull<T>(promise: Promise<T>): Promise<T | null> {
  try {
    return await promise;
  } catch (error) {
    if (error instanceof DOMException && error.name === 'NotFoundError') return null;
    throw error;
  }
}

/** Gives the directory that everything is kept in. */
export type OpenRoot = () => Promise<FileSystemDirectoryHandle>;

/**
 * The origin private file system.
 *
 * @throws DOMException `NotSupportedError` where the page is not secure, `SecurityError` in private windows of some
 *   browsers
 */
export const privateRoot: OpenRoot = async () => {
  if ('storage' in navigator && 'getDirectory' in navigator.storage) return navigator.storage.getDirectory();
  throw new DOMException('This browser has no private file system.', 'NotSupportedError');
};

/**
 * Pictures in the origin private file system. Files are written through synchronous handles: these exist only in
 * workers, but in every browser, and they can be flushed.
 */
export function privateFiles(open = privateRoot): ProjectFiles {
  async function root(create: boolean): Promise<FileSystemDirectoryHandle | null> {
    return orNull((await open()).getDirectoryHandle(folderName, { create }));
  }

  async function folder(project: string, create: boolean): Promise<FileSystemDirectoryHandle | null> {
    const parent = await root(create);
    return parent && orNull(parent.getDirectoryHandle(project, { create }));
  }

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
        // Frees what little there was room for.
        await orNull(parent.removeEntry(name));
        throw error;
      }
      handle.close();
    },
    async read(project, name) {
      const parent = await folder(project, false);
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

/**
 * Holds a Web Lock: the browser gives it back when its tab is closed or dies, however that happens.
 *
 * @param patience - how long one that is taken is waited for, in milliseconds
 * @returns what gives it back, or null where somebody else has it
 */
export function tryHoldLock(
  name: string,
  patience: number,
  mode: 'exclusive' | 'shared' = 'exclusive',
): Promise<(() => void) | null> {
  return new Promise((resolve, reject) => {
    // Pages that are not secure have none; they have no storage either, and that is where it is said.
    if (!('locks' in navigator)) {
      resolve(() => undefined);
      return;
    }
    const options = patience > 0 ? { signal: AbortSignal.timeout(patience) } : { ifAvailable: true };
    navigator.locks
      .request(name, { ...options, mode }, (lock) => {
        if (!lock) {
          resolve(null);
          return;
        }
        return new Promise<void>((release) => {
          resolve(release);
        });
      })
      .catch((error: unknown) => {
        // On a busy machine the browser may only have been slow to give a lock that nobody has.
        if (error instanceof DOMException && error.name === 'TimeoutError') {
          resolve(tryHoldLock(name, 0, mode));
        } else {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      });
  });
}

export const webLocks: ProjectLocks = {
  tryHold: (project, patience) => tryHoldLock(`drift.project:${project}`, patience),
};

/** What the browser says that this page may still write. */
export const measureRoom: MeasureRoom = async () => {
  if (!('storage' in navigator)) return null;
  const { quota, usage } = await navigator.storage.estimate();
  return quota === undefined || usage === undefined ? null : Math.max(0, quota - usage);
};
