import type { OutputFile } from './output-file.ts';

/** Appended bytes are collected up to this size before they become a Blob. */
const longestTail = 2 ** 20;

/**
 * Output file in Blobs, for browsers without writable files. Browsers keep Blobs in memory up to a good part of it
 * (Chromium: a fifth). The Blob from `finish` stays readable.
 */
export class BlobOutput implements OutputFile {
  readonly stored = null;
  /** Consecutive parts of the file. */
  #parts: Blob[] = [];
  #size = 0;
  #tail: Uint8Array<ArrayBuffer>[] = [];
  #tailSize = 0;

  get size(): number {
    return this.#size;
  }

  write(bytes: Uint8Array<ArrayBuffer>, position = this.#size): void {
    if (position > this.#size) throw new RangeError(`there is a gap before ${position}`);
    if (position < this.#size) {
      this.#replace(bytes, position);
      return;
    }
    this.#tail.push(bytes);
    this.#tailSize += bytes.length;
    this.#size += bytes.length;
    if (this.#tailSize >= longestTail) this.#settle();
  }

  finish(type: string): Promise<Blob> {
    this.#settle();
    return Promise.resolve(new Blob(this.#parts, { type }));
  }

  discard(): Promise<void> {
    this.#parts = [];
    this.#tail = [];
    return Promise.resolve();
  }

  #settle(): void {
    if (this.#tail.length === 0) return;
    this.#parts.push(new Blob(this.#tail));
    this.#tail = [];
    this.#tailSize = 0;
  }

  #replace(bytes: Uint8Array<ArrayBuffer>, position: number): void {
    this.#settle();
    const whole = new Blob(this.#parts);
    const end = position + bytes.length;
    this.#parts = [whole.slice(0, position), new Blob([bytes]), whole.slice(end)];
    this.#size = Math.max(this.#size, end);
  }
}
