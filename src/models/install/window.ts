import type { ByteSource } from '../types.ts';

/** A part of a file that is in memory. */
export interface Window {
  close(): void;
}

/**
 * A file of which parts are fetched ahead: what lies in one of them is read from memory, anything else from the
 * file. So a run of tensors is one request, and the reader of their format need not know.
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

  /** Takes a part that was fetched. Whoever gives it closes it, which frees its memory. */
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
