import { folder, isLocked, removeEntry } from './entries.ts';
import type { Entry, FolderEntry } from './entries.ts';
import { faultError } from './faults.ts';
import type { PrivateFileSystem } from './private-file-system.ts';
import { StoredFile } from './stored-file.ts';
import type { StoredContents } from './stored-file.ts';

function checkName(name: string): void {
  if (name === '' || name === '.' || name === '..' || /[/\\]/.test(name)) {
    throw new TypeError(`Name is not allowed: “${name}”.`);
  }
}

const notFound = (path: string) => new DOMException(`There is no ${path}.`, 'NotFoundError');
const wrongKind = (path: string) => new DOMException(`${path} is of another kind.`, 'TypeMismatchError');

/** Makes calls asynchronous, as in a browser. */
async function later(): Promise<void> {
  await Promise.resolve();
}

/** Folder of a `PrivateFileSystem`. */
export class DirectoryHandle implements FileSystemDirectoryHandle {
  readonly kind = 'directory';
  readonly name: string;
  readonly #system: PrivateFileSystem;
  readonly #path: string;
  readonly #folder: FolderEntry;

  constructor(system: PrivateFileSystem, name: string, path: string, entry: FolderEntry) {
    this.name = name;
    this.#system = system;
    this.#path = path;
    this.#folder = entry;
  }

  #pathOf(name: string): string {
    return this.#path === '' ? name : `${this.#path}/${name}`;
  }

  async #entry(name: string, create: boolean, find: 'enter' | 'find', make: () => Entry): Promise<Entry> {
    await later();
    checkName(name);
    const path = this.#pathOf(name);
    const found = this.#folder.removed ? undefined : this.#folder.entries.get(name);
    this.#system.faults.check(create && !found ? 'create' : find, path);
    if (found) return found;
    if (!create || this.#folder.removed) throw notFound(path);
    const made = make();
    this.#folder.entries.set(name, made);
    return made;
  }

  async getDirectoryHandle(name: string, { create = false } = {}): Promise<FileSystemDirectoryHandle> {
    const entry = await this.#entry(name, create, 'enter', folder);
    if (entry.kind !== 'directory') throw wrongKind(this.#pathOf(name));
    return new DirectoryHandle(this.#system, name, this.#pathOf(name), entry);
  }

  async getFileHandle(name: string, { create = false } = {}): Promise<FileSystemFileHandle> {
    const entry = await this.#entry(name, create, 'find', () => ({
      kind: 'file',
      contents: { bytes: new Uint8Array(0), flushed: null, version: 0, removed: false, locked: false },
    }));
    if (entry.kind !== 'file') throw wrongKind(this.#pathOf(name));
    return new FileHandle(this.#system, name, this.#pathOf(name), entry.contents);
  }

  async removeEntry(name: string, { recursive = false } = {}): Promise<void> {
    await later();
    checkName(name);
    const path = this.#pathOf(name);
    const entry = this.#folder.entries.get(name);
    const fault = this.#system.faults.count('remove', path);
    if (fault === 'vanished') {
      removeEntry(entry);
      this.#folder.entries.delete(name);
    }
    if (fault) throw faultError(fault, 'remove');
    if (!entry) throw notFound(path);
    if (isLocked(entry)) throw new DOMException(`${path} is open.`, 'NoModificationAllowedError');
    if (entry.kind === 'directory' && entry.entries.size > 0 && !recursive) {
      throw new DOMException(`${path} is not empty.`, 'InvalidModificationError');
    }
    removeEntry(entry);
    this.#folder.entries.delete(name);
  }

  async *entries(): FileSystemDirectoryHandleAsyncIterator<[string, DirectoryHandle | FileHandle]> {
    await later();
    this.#system.faults.check('list', this.#path);
    if (this.#folder.removed) throw notFound(this.#path);
    for (const [name, entry] of [...this.#folder.entries]) {
      const path = this.#pathOf(name);
      yield entry.kind === 'file'
        ? [name, new FileHandle(this.#system, name, path, entry.contents)]
        : [name, new DirectoryHandle(this.#system, name, path, entry)];
    }
  }

  async *keys(): FileSystemDirectoryHandleAsyncIterator<string> {
    for await (const [name] of this.entries()) yield name;
  }

  async *values(): FileSystemDirectoryHandleAsyncIterator<DirectoryHandle | FileHandle> {
    for await (const [, handle] of this.entries()) yield handle;
  }

  [Symbol.asyncIterator]() {
    return this.entries();
  }

  isSameEntry(other: FileSystemHandle): Promise<boolean> {
    return Promise.resolve(other instanceof DirectoryHandle && other.#folder === this.#folder);
  }

  resolve(): Promise<string[] | null> {
    return Promise.reject(new DOMException('Nothing here uses it.', 'NotSupportedError'));
  }
}

/** File of a `PrivateFileSystem`. */
class FileHandle implements FileSystemFileHandle {
  readonly kind = 'file';
  readonly name: string;
  readonly #system: PrivateFileSystem;
  readonly #path: string;
  readonly #contents: StoredContents;

  constructor(system: PrivateFileSystem, name: string, path: string, contents: StoredContents) {
    this.name = name;
    this.#system = system;
    this.#path = path;
    this.#contents = contents;
  }

  async getFile(): Promise<File> {
    await later();
    this.#system.faults.check('read', this.#path);
    if (this.#contents.removed) throw notFound(this.#path);
    return new StoredFile(this.name, this.#contents);
  }

  async createSyncAccessHandle(): Promise<FileSystemSyncAccessHandle> {
    await later();
    this.#system.faults.check('open', this.#path);
    if (this.#contents.removed) throw notFound(this.#path);
    return this.#system.openWriter(this.#path, this.#contents);
  }

  /** Missing in Safari before 26, so Drift does not use it. */
  createWritable(): Promise<FileSystemWritableFileStream> {
    return Promise.reject(new DOMException('Nothing here uses it.', 'NotSupportedError'));
  }

  isSameEntry(other: FileSystemHandle): Promise<boolean> {
    return Promise.resolve(other instanceof FileHandle && other.#contents === this.#contents);
  }
}

/** Open file of a `PrivateFileSystem`; a crash loses what was not flushed. */
export class Writer implements FileSystemSyncAccessHandle {
  readonly #system: PrivateFileSystem;
  readonly #path: string;
  readonly #contents: StoredContents;
  readonly #onClose: () => void;
  #open = true;

  constructor(system: PrivateFileSystem, path: string, contents: StoredContents, onClose: () => void) {
    this.#system = system;
    this.#path = path;
    this.#contents = contents;
    this.#onClose = onClose;
  }

  #check(): void {
    if (!this.#open) throw new DOMException('The file was already closed.', 'InvalidStateError');
  }

  read(buffer: Uint8Array, { at = 0 } = {}): number {
    this.#check();
    const part = this.#contents.bytes.subarray(at, at + buffer.length);
    buffer.set(part);
    return part.length;
  }

  write(buffer: Uint8Array, { at = 0 } = {}): number {
    this.#check();
    this.#system.faults.check('write', this.#path);
    const { bytes } = this.#contents;
    const length = Math.max(bytes.length, at + buffer.length);
    this.#system.reserve(length - bytes.length);
    if (length > bytes.length) this.#resize(length);
    this.#contents.bytes.set(buffer, at);
    this.#contents.version++;
    return buffer.length;
  }

  truncate(size: number): void {
    this.#check();
    this.#system.faults.check('truncate', this.#path);
    this.#system.reserve(size - this.#contents.bytes.length);
    this.#resize(size);
  }

  #resize(size: number): void {
    const next = new Uint8Array(size);
    next.set(this.#contents.bytes.subarray(0, size));
    this.#contents.bytes = next;
    this.#contents.version++;
  }

  getSize(): number {
    this.#check();
    return this.#contents.bytes.length;
  }

  flush(): void {
    this.#check();
    this.#system.faults.check('flush', this.#path);
    this.#contents.flushed = this.#contents.bytes.slice();
  }

  close(): void {
    if (!this.#open) return;
    this.abandon();
    this.#system.faults.check('close', this.#path);
  }

  /** Closes the file without flushing and without errors. */
  abandon(): void {
    this.#open = false;
    this.#contents.locked = false;
    this.#onClose();
  }
}
