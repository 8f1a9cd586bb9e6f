import type { FaultInjector } from './faults.ts';
import { faultError } from './faults.ts';

/**
 * Handle of a file that the user chose in a save picker, as in Chromium: written data replaces the contents on `close`, and
 * the file can be removed. Its calls go to the fault injector of the private file system.
 */
export class PickedFile implements FileSystemFileHandle {
  readonly kind = 'file';
  readonly name: string;
  readonly #faults: FaultInjector;
  /** Null once it is removed. */
  #bytes: Uint8Array<ArrayBuffer> | null;
  #writing = 0;

  constructor(name: string, bytes: Uint8Array<ArrayBuffer>, faults: FaultInjector) {
    this.name = name;
    this.#bytes = bytes;
    this.#faults = faults;
  }

  /** Contents; null if it was removed. */
  get bytes(): Uint8Array<ArrayBuffer> | null {
    return this.#bytes;
  }

  /** Number of streams that were neither closed nor aborted. */
  get writing(): number {
    return this.#writing;
  }

  async getFile(): Promise<File> {
    await Promise.resolve();
    this.#faults.check('read', this.name);
    return new File([this.#existing()], this.name);
  }

  async createWritable(): Promise<FileSystemWritableFileStream> {
    await Promise.resolve();
    this.#faults.check('open', this.name);
    this.#existing();
    this.#writing++;
    return new PickedStream(this.name, this.#faults, (bytes) => {
      this.#writing--;
      if (bytes) this.#bytes = bytes;
    });
  }

  /** Chromium's extension of the standard. */
  async remove(): Promise<void> {
    await Promise.resolve();
    this.#faults.check('remove', this.name);
    this.#existing();
    this.#bytes = null;
  }

  createSyncAccessHandle(): Promise<FileSystemSyncAccessHandle> {
    return Promise.reject(new DOMException('Only for the private file system.', 'InvalidStateError'));
  }

  isSameEntry(other: FileSystemHandle): Promise<boolean> {
    return Promise.resolve(other === this);
  }

  #existing(): Uint8Array<ArrayBuffer> {
    if (this.#bytes) return this.#bytes;
    throw new DOMException(`There is no ${this.name}.`, 'NotFoundError');
  }
}

/** Writable stream over a temporary file. Calls `onEnd` with the contents on `close`, or with null on `abort`. */
class PickedStream extends WritableStream<FileSystemWriteChunkType> implements FileSystemWritableFileStream {
  readonly #name: string;
  readonly #faults: FaultInjector;
  readonly #onEnd: (bytes: Uint8Array<ArrayBuffer> | null) => void;
  #bytes = new Uint8Array(0);
  #open = true;

  constructor(name: string, faults: FaultInjector, onEnd: (bytes: Uint8Array<ArrayBuffer> | null) => void) {
    super();
    this.#name = name;
    this.#faults = faults;
    this.#onEnd = onEnd;
  }

  /** Supports only the form that Drift uses: bytes at a position. */
  async write(chunk: FileSystemWriteChunkType): Promise<void> {
    await this.#begin();
    if (typeof chunk === 'string' || chunk instanceof Blob || !('type' in chunk) || chunk.type !== 'write') {
      throw new TypeError('Drift writes bytes at a position');
    }
    const { data, position } = chunk;
    if (!(data instanceof Uint8Array) || typeof position !== 'number') {
      throw new TypeError('Drift writes bytes at a position');
    }
    this.#fail('write');
    const next = new Uint8Array(Math.max(this.#bytes.length, position + data.length));
    next.set(this.#bytes);
    next.set(data, position);
    this.#bytes = next;
  }

  async truncate(size: number): Promise<void> {
    await this.#begin();
    this.#fail('truncate');
    const next = new Uint8Array(size);
    next.set(this.#bytes.subarray(0, size));
    this.#bytes = next;
  }

  seek(): Promise<void> {
    return Promise.reject(new TypeError('Drift writes bytes at a position'));
  }

  override async close(): Promise<void> {
    await this.#begin();
    this.#fail('close');
    this.#end(this.#bytes);
  }

  /** Does nothing after an error, which has ended the stream. */
  override async abort(): Promise<void> {
    await Promise.resolve();
    if (this.#open) this.#end(null);
  }

  async #begin(): Promise<void> {
    await Promise.resolve();
    if (!this.#open) throw new TypeError('The stream was closed.');
  }

  /** A call that fails ends the stream. */
  #fail(call: 'write' | 'truncate' | 'close'): void {
    const fault = this.#faults.count(call, this.#name);
    if (!fault) return;
    this.#end(null);
    throw faultError(fault, call);
  }

  #end(bytes: Uint8Array<ArrayBuffer> | null): void {
    this.#open = false;
    this.#onEnd(bytes);
  }
}
