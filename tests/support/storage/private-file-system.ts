import { FaultInjector, faultError } from './faults.ts';
import { StoredFile } from './stored-file.ts';
import type { StoredContents } from './stored-file.ts';

type Entry = { readonly kind: 'file'; readonly contents: StoredContents } | FolderEntry;
interface FolderEntry {
  readonly kind: 'directory';
  readonly entries: Map<string, Entry>;
  removed: boolean;
}

/**
 * In-memory origin private file system, as strict as Chromium's (156): a `File` is unreadable once its file was removed or
 * written to, a file has one writer at a time and cannot be removed meanwhile, unflushed data may be lost in a crash, and
 * there is a quota. `faults` can make each call fail.
 */
export class PrivateFileSystem {
  readonly faults = new FaultInjector();
  /** Quota in bytes. */
  quota = Number.POSITIVE_INFINITY;
  /** Paths of files in the order in which they were opened for writing. */
  readonly opened: string[] = [];
  readonly #root = folder();
  /** Open writers, which end in a crash. */
  readonly #writers = new Set<Writer>();

  getDirectory(): Promise<FileSystemDirectoryHandle> {
    return Promise.resolve(new DirectoryHandle(this, '', '', this.#root));
  }

  /** Number of open writers. */
  get writers(): number {
    return this.#writers.size;
  }

  get used(): number {
    return [...this.#files()].reduce((sum, [, { bytes }]) => sum + bytes.length, 0);
  }

  /** Sorted paths of all files. */
  paths(): string[] {
    return [...this.#files()].map(([path]) => path).sort();
  }

  /** Names in a folder; empty if it does not exist. */
  names(path: string): string[] {
    const entry = this.#find(path);
    return entry?.kind === 'directory' ? [...entry.entries.keys()] : [];
  }

  /** A file's bytes on disk, null if it does not exist. Modifying them simulates silent corruption. */
  bytes(path: string): Uint8Array<ArrayBuffer> | null {
    const entry = this.#find(path);
    return entry?.kind === 'file' ? entry.contents.bytes : null;
  }

  /** Creates a file, and its folders, behind the page's back. */
  put(path: string, bytes: Uint8Array<ArrayBuffer>): void {
    const steps = path.split('/');
    const name = steps.pop() ?? '';
    let parent = this.#root;
    for (const step of steps) {
      const next = parent.entries.get(step) ?? folder();
      if (next.kind !== 'directory') throw new TypeError(`${step} is a file`);
      parent.entries.set(step, next);
      parent = next;
    }
    removeEntry(parent.entries.get(name));
    const contents = { bytes, flushed: bytes.slice(), version: 0, removed: false, locked: false };
    parent.entries.set(name, { kind: 'file', contents });
  }

  /** Copies all files of another file system, as flushed. */
  copy(other: PrivateFileSystem): void {
    for (const [path, { bytes }] of other.#files()) this.put(path, bytes.slice());
  }

  /** Removes a file or folder behind the page's back, like a browser that clears storage. */
  delete(path: string): void {
    const steps = path.split('/');
    const name = steps.pop() ?? '';
    const parent = this.#find(steps.join('/'));
    if (parent?.kind !== 'directory') return;
    removeEntry(parent.entries.get(name));
    parent.entries.delete(name);
  }

  /** Simulates a crash: ends all writers and discards unflushed data, the worst case. */
  crash(): void {
    for (const writer of [...this.#writers]) writer.abandon();
    for (const [, contents] of this.#files()) {
      const { bytes, flushed } = contents;
      if (flushed && bytes.length === flushed.length && bytes.every((byte, i) => byte === flushed[i])) {
        continue;
      }
      contents.bytes = flushed?.slice() ?? new Uint8Array(0);
      contents.version++;
    }
  }

  /** @throws DOMException `QuotaExceededError` if this many more bytes do not fit */
  reserve(bytes: number): void {
    if (bytes > 0 && this.used + bytes > this.quota) {
      throw new DOMException('The operation failed because it would exceed the quota.', 'QuotaExceededError');
    }
  }

  openWriter(path: string, contents: StoredContents): FileSystemSyncAccessHandle {
    if (contents.locked) {
      throw new DOMException(
        'Access Handles cannot be created: another is open.',
        'NoModificationAllowedError',
      );
    }
    contents.locked = true;
    const writer = new Writer(this, path, contents, () => this.#writers.delete(writer));
    this.#writers.add(writer);
    this.opened.push(path);
    return writer;
  }

  *#files(
    entries: ReadonlyMap<string, Entry> = this.#root.entries,
    prefix = '',
  ): Generator<[string, StoredContents]> {
    for (const [name, entry] of entries) {
      if (entry.kind === 'file') yield [prefix + name, entry.contents];
      else yield* this.#files(entry.entries, `${prefix}${name}/`);
    }
  }

  #find(path: string): Entry | undefined {
    let entry: Entry | undefined = this.#root;
    for (const step of path === '' ? [] : path.split('/')) {
      entry = entry?.kind === 'directory' ? entry.entries.get(step) : undefined;
    }
    return entry;
  }
}

function folder(): FolderEntry {
  return { kind: 'directory', entries: new Map(), removed: false };
}

function isLocked(entry: Entry): boolean {
  return entry.kind === 'file' ? entry.contents.locked : [...entry.entries.values()].some(isLocked);
}

function removeEntry(entry: Entry | undefined): void {
  if (!entry) return;
  if (entry.kind === 'file') {
    entry.contents.removed = true;
    return;
  }
  entry.removed = true;
  for (const child of entry.entries.values()) removeEntry(child);
}

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

class DirectoryHandle implements FileSystemDirectoryHandle {
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

class Writer implements FileSystemSyncAccessHandle {
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
