import type { ByteSource } from '../types.ts';

/** A prefetched part of a file. */
export interface PrefetchedPart {
  /** Frees its memory. */
  close(): void;
}

/**
 * File with prefetched parts: a read within one of them is served from memory, any other from the file. So one request
 * can fetch a range of tensors, and the checkpoint reader need not know.
 */
export class PrefetchedFile implements ByteSource {
  readonly name: string;
  readonly size: number;
  readonly #file: ByteSource;
  readonly #parts = new Set<{ readonly begin: number; readonly bytes: Uint8Array }>();

  constructor(file: ByteSource) {
    this.#file = file;
    this.name = file.name;
    this.size = file.size;
  }

  /** Adds a prefetched part that starts at offset `begin`. */
  hold(begin: number, bytes: Uint8Array): PrefetchedPart {
    const part = { begin, bytes };
    this.#parts.add(part);
    return { close: () => this.#parts.delete(part) };
  }

  read(offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
    for (const { begin, bytes } of this.#parts) {
      const from = offset - begin;
      if (from >= 0 && from + length <= bytes.length) {
        return Promise.resolve(bytes.slice(from, from + length));
      }
    }
    return this.#file.read(offset, length, signal);
  }
}
