import { randomUuid } from '../src/base/index.ts';
import { BlobOutput } from '../src/formats/index.ts';
import type { OutputFile } from '../src/formats/index.ts';
import { WorkerLocks } from './locks.ts';
import { openToWrite } from './opening.ts';
import { orNull, privateRoot } from './storage.ts';
import type { OpenRoot } from './storage.ts';

const folderName = 'scratch';

/** Number of finished files kept: the browser may still be copying one to its download, and does not report the end. */
const keptDownloads = 3;

/** Bytes read back at a time. */
const readSize = 2 ** 22;

/**
 * Temporary output files in the origin private file system, so that memory does not grow with them.
 *
 * Each worker has its own folder, and a lock of that name while it lives; `tidy` removes folders of ended workers. Falls
 * back to Blobs if the file system is missing or full.
 */
export class ScratchFiles {
  readonly #open: OpenRoot;
  readonly #locks: WorkerLocks;
  readonly #kept: number;
  readonly #id = randomUuid();
  #folder: Promise<FileSystemDirectoryHandle | null> | null = null;
  #next = 0;
  /** Finished files, oldest first. */
  readonly #finished = new Set<ScratchFile>();

  /** @param kept number of finished files that are kept; the oldest ones beyond it are removed */
  constructor(open = privateRoot, locks = new WorkerLocks(), kept = keptDownloads) {
    this.#open = open;
    this.#locks = locks;
    this.#kept = kept;
  }

  readonly create = async (): Promise<OutputFile> => {
    const folder = await (this.#folder ??= this.#ownFolder());
    if (!folder) return new BlobOutput();
    for (const oldest of this.#finished) {
      if (this.#finished.size < this.#kept) break;
      await oldest.discard();
    }
    try {
      const name = String(this.#next++);
      const file = await folder.getFileHandle(name, { create: true });
      return new ScratchFile(folder, file, await openToWrite(file), this.#finished);
    } catch {
      return new BlobOutput();
    }
  };

  /** Removes the files of workers that have ended. */
  async tidy(): Promise<void> {
    const root = await this.#open().catch(() => null);
    const parent = root && (await orNull(root.getDirectoryHandle(folderName)));
    if (!parent) return;
    const names: string[] = [];
    for await (const name of parent.keys()) names.push(name);
    for (const name of names) {
      const release = await this.#locks.tryHold(lockName(name), 0);
      if (!release) continue;
      try {
        await orNull(parent.removeEntry(name, { recursive: true }));
      } finally {
        release();
      }
    }
  }

  async #ownFolder(): Promise<FileSystemDirectoryHandle | null> {
    try {
      const parent = await (await this.#open()).getDirectoryHandle(folderName, { create: true });
      await this.#locks.tryHold(lockName(this.#id), 0);
      return await parent.getDirectoryHandle(this.#id, { create: true });
    } catch {
      return null;
    }
  }
}

const lockName = (id: string) => `drift.scratch:${id}`;

/** A file of `ScratchFiles`. Continues in Blobs when the disk is full. */
class ScratchFile implements OutputFile {
  readonly #folder: FileSystemDirectoryHandle;
  readonly #file: FileSystemFileHandle;
  readonly #finished: Set<ScratchFile>;
  #handle: FileSystemSyncAccessHandle | null;
  #size = 0;
  #spilled: BlobOutput | null = null;

  constructor(
    folder: FileSystemDirectoryHandle,
    file: FileSystemFileHandle,
    handle: FileSystemSyncAccessHandle,
    finished: Set<ScratchFile>,
  ) {
    this.#folder = folder;
    this.#file = file;
    this.#handle = handle;
    this.#finished = finished;
  }

  get size(): number {
    return this.#spilled?.size ?? this.#size;
  }

  get stored(): FileSystemFileHandle | null {
    return this.#spilled ? null : this.#file;
  }

  write(bytes: Uint8Array<ArrayBuffer>, position = this.size): void {
    if (position > this.size) throw new RangeError(`there is a gap before ${position}`);
    if (!this.#handle || this.#spilled || !writeWhole(this.#handle, bytes, position)) {
      this.#spill().write(bytes, position);
      return;
    }
    this.#size = Math.max(this.#size, position + bytes.length);
  }

  async finish(type: string): Promise<Blob> {
    if (this.#spilled) {
      await this.discard();
      return this.#spilled.finish(type);
    }
    this.#close();
    this.#finished.add(this);
    const file = await this.#file.getFile();
    return file.slice(0, file.size, type);
  }

  async discard(): Promise<void> {
    this.#finished.delete(this);
    this.#close();
    await removeOnceClosed(this.#folder, this.#file.name);
  }

  /** Moves everything written so far to Blobs. */
  #spill(): BlobOutput {
    if (this.#spilled) return this.#spilled;
    const blobs = new BlobOutput();
    for (let at = 0; this.#handle && at < this.#size;) {
      const part = new Uint8Array(Math.min(readSize, this.#size - at));
      const length = this.#handle.read(part, { at });
      if (length === 0) throw new DOMException('The file ended too early.', 'NotReadableError');
      blobs.write(part.subarray(0, length));
      at += length;
    }
    this.#spilled = blobs;
    return blobs;
  }

  #close(): void {
    this.#handle?.close();
    this.#handle = null;
  }
}

/**
 * Removes a file. A worker that read it and was just ended may have it open for a few more milliseconds; a file that stays
 * open is left to `tidy`.
 */
async function removeOnceClosed(folder: FileSystemDirectoryHandle, name: string): Promise<void> {
  for (let pause = 4; pause < 4000; pause *= 2) {
    try {
      await orNull(folder.removeEntry(name));
      return;
    } catch (error) {
      if (!(error instanceof DOMException && error.name === 'NoModificationAllowedError')) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

/** Returns false if there is not enough space for all bytes. */
function writeWhole(handle: FileSystemSyncAccessHandle, bytes: Uint8Array, at: number): boolean {
  try {
    return handle.write(bytes, { at }) === bytes.length;
  } catch (error) {
    if (error instanceof DOMException && error.name === 'QuotaExceededError') return false;
    throw error;
  }
}
