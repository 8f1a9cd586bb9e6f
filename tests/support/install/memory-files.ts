import type { ModelFiles } from '../../../src/models/install/index.ts';
import { memorySource } from '../../../src/models/source.ts';

/**
 * A store in memory. What is written is lost by `die` unless it was flushed, as by a page that is killed; a store has a
 * size, and is full beyond it.
 */
export class MemoryFiles implements ModelFiles {
  readonly models = new Map<string, Map<string, Uint8Array<ArrayBuffer>>>();
  /** How many bytes fit. */
  capacity = Infinity;
  /** What `room` says; null for a browser that does not tell. */
  tellsRoom = true;
  /** Called before each writing, which fails when this throws. */
  onWrite: (model: string, name: string, at: number) => void = () => undefined;
  /** Writers that are not closed. */
  writers = 0;
  /** Every opening of a writer, by the file's name. */
  readonly opened: string[] = [];

  #used(): number {
    return [...this.models.values()]
      .flatMap((files) => [...files.values()])
      .reduce((sum, bytes) => sum + bytes.length, 0);
  }

  list(): Promise<string[]> {
    return Promise.resolve([...this.models.keys()]);
  }

  files(model: string): Promise<{ name: string; size: number }[]> {
    const files = this.models.get(model) ?? new Map<string, Uint8Array>();
    return Promise.resolve([...files].map(([name, { length }]) => ({ name, size: length })));
  }

  open(model: string, name: string) {
    const bytes = this.models.get(model)?.get(name);
    return Promise.resolve(bytes ? memorySource(name, bytes) : null);
  }

  /** The bytes of a file. */
  read(model: string, name: string): Uint8Array<ArrayBuffer> {
    return this.models.get(model)?.get(name) ?? new Uint8Array(0);
  }

  /** Every file of a model but for the ledger, as text, which is quick to compare. */
  contents(model: string): Map<string, string> {
    return new Map(
      [...(this.models.get(model) ?? [])]
        .filter(([name]) => !name.startsWith('install'))
        .map(([name, bytes]) => [name, Buffer.from(bytes).toString('base64')] as const)
        .sort(),
    );
  }

  writer(model: string, name: string) {
    const files = this.models.get(model) ?? new Map<string, Uint8Array<ArrayBuffer>>();
    this.models.set(model, files);
    let bytes = files.get(name) ?? new Uint8Array(0);
    let flushed = bytes.slice();
    files.set(name, bytes);
    this.writers++;
    this.opened.push(name);
    const resize = (size: number) => {
      if (this.#used() - bytes.length + size > this.capacity) {
        throw new DOMException('full', 'QuotaExceededError');
      }
      const next = new Uint8Array(size);
      next.set(bytes.subarray(0, size));
      bytes = next;
      files.set(name, bytes);
    };
    this.#unflushed.add(() => files.set(name, flushed));
    return Promise.resolve({
      size: () => bytes.length,
      write: (at: number, more: Uint8Array) => {
        this.onWrite(model, name, at);
        if (at + more.length > bytes.length) resize(at + more.length);
        bytes.set(more, at);
      },
      truncate: resize,
      flush: () => {
        flushed = bytes.slice();
      },
      close: () => {
        this.writers--;
      },
    });
  }

  readonly #unflushed = new Set<() => void>();

  /** Takes back whatever was not flushed. */
  die(): void {
    for (const takeBack of this.#unflushed) takeBack();
    this.#unflushed.clear();
  }

  remove(model: string): Promise<void> {
    this.models.delete(model);
    return Promise.resolve();
  }

  room(): Promise<number | null> {
    return Promise.resolve(this.tellsRoom ? this.capacity - this.#used() : null);
  }
}
