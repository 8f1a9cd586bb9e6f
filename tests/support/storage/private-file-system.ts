import { folder, removeEntry } from './entries.ts';
import type { Entry } from './entries.ts';
import { FaultInjector } from './faults.ts';
import { DirectoryHandle, Writer } from './file-handles.ts';
import type { StoredContents } from './stored-file.ts';

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
