/** Storage of installed models in the origin private file system. */
import type { ModelFiles, ModelFileWriter } from '../src/models/install/index.ts';
import type { MeasureFreeSpace } from '../src/project/index.ts';
import { blobSource } from '../src/models/source.ts';
import { WorkerLocks } from './locks.ts';
import { openToWrite } from './opening.ts';
import type { ModelStorage } from './model-handlers.ts';
import { measureFreeSpace, orNull, privateRoot } from './storage.ts';
import type { OpenRoot } from './storage.ts';

const folderName = 'models';

/** Time to wait for the locks of a worker or tab that has just ended, in milliseconds. */
const timeout = 500;

/** Models in the origin private file system, each protected by a Web Lock. */
export function privateModelStorage(
  openRoot = privateRoot,
  freeSpace = measureFreeSpace,
  locks = new WorkerLocks(),
): ModelStorage {
  return {
    files: privateModels(openRoot, freeSpace, locks),
    hold: (id, mode) => locks.tryHold(`drift.model:${id}`, timeout, mode),
  };
}

/**
 * Writes through synchronous access handles, which all browsers support in workers, and which can be flushed. Reads
 * snapshots without a lock, so that a model can be listed during its download.
 *
 * Writing takes a lock per file: two tabs may verify the same damaged model and update the same journal.
 */
function privateModels(openRoot: OpenRoot, freeSpace: MeasureFreeSpace, locks: WorkerLocks): ModelFiles {
  async function root(create: boolean): Promise<FileSystemDirectoryHandle | null> {
    return orNull((await openRoot()).getDirectoryHandle(folderName, { create }));
  }

  /** Folder and name of a model's file. */
  async function locate(model: string, name: string, create: boolean) {
    const path = [model, ...name.split('/')];
    const file = path.pop() ?? '';
    let folder = await root(create);
    for (const step of path) folder = folder && (await orNull(folder.getDirectoryHandle(step, { create })));
    return folder && { folder, file };
  }

  return {
    async list() {
      const names: string[] = [];
      const folder = await root(false);
      if (!folder) return names;
      for await (const [name, handle] of folder) if (handle.kind === 'directory') names.push(name);
      return names;
    },
    async files(model) {
      const folder = await root(false);
      const found = folder && (await orNull(folder.getDirectoryHandle(model)));
      return found ? filesIn(found, '') : [];
    },
    async open(model, name) {
      const found = await locate(model, name, false);
      const handle = found && (await orNull(found.folder.getFileHandle(found.file)));
      const file = handle && (await orNull(handle.getFile()));
      return file && blobSource(name, file);
    },
    async writer(model, name) {
      const found = await locate(model, name, true);
      if (!found) throw new DOMException('The folder is gone.', 'NotFoundError');
      const release = await locks.hold(`drift.model:${model}/${name}`);
      try {
        const file = await found.folder.getFileHandle(found.file, { create: true });
        return fileWriter(await openToWrite(file), release);
      } catch (error) {
        release();
        throw error;
      }
    },
    async remove(model) {
      const folder = await root(false);
      if (folder) await orNull(folder.removeEntry(model, { recursive: true }));
    },
    freeSpace,
  };
}

async function filesIn(
  folder: FileSystemDirectoryHandle,
  prefix: string,
): Promise<{ name: string; size: number }[]> {
  const files: { name: string; size: number }[] = [];
  for await (const [name, { kind }] of folder) {
    // May have been removed since it was listed.
    if (kind === 'directory') {
      const found = await orNull(folder.getDirectoryHandle(name));
      if (found) files.push(...(await filesIn(found, `${prefix}${name}/`)));
    } else {
      const handle = await orNull(folder.getFileHandle(name));
      const file = handle && (await orNull(handle.getFile()));
      if (file) files.push({ name: prefix + name, size: file.size });
    }
  }
  return files;
}

/** @param onClose Called when the file is closed, even if closing fails. */
function fileWriter(handle: FileSystemSyncAccessHandle, onClose: () => void): ModelFileWriter {
  return {
    size: () => handle.getSize(),
    write(at, bytes) {
      // Browsers may write less and return how much.
      const written = handle.write(bytes, { at });
      if (written === bytes.length) return;
      throw new DOMException('The file could not be written whole.', 'QuotaExceededError');
    },
    truncate(size) {
      handle.truncate(size);
    },
    flush() {
      handle.flush();
    },
    close() {
      try {
        handle.close();
      } finally {
        onClose();
      }
    },
  };
}
