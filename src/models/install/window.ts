import type { ByteSource } from '../types.ts';

/** A part of a file in memory. */
export interface Window {
  close(): void;
}

/**
 * A file with prefetched parts: reads inside one are served from memory, others from the file. A range of tensors can so
 * be fetched by one request, transparently to the checkpoint reader.
 */
export class WindowedFile implements ByteSource {
  readonly name: string;
  readonly size: number;
  readonly #file: ByteSource;
  readonly #windows = new Set<{ readonly begin: number; readonly bytes: Uint8Array }>();

  constructor(file: ByteSource) {
    this.#file = file;
    this.name = file.name;
    this.size = file.size;
  }

  /** Adds a prefetched part. Closing it frees its memory. */
  hold(begin: number, bytes: Uint8Array): Window {
    const window = { begin, bytes };
    this.#windows.add(window);
    return { close: () => this.#windows.delete(window) };
  }

  read(offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
    for (const { begin, bytes } of this.#windows) {
      const from = offset - begin;
      if (from >= 0 && from + length <= bytes.length) {
        return Promise.resolve(bytes.slice(from, from + length));
      }
    }
    return this.#file.read(offset, length, signal);
  }
}
