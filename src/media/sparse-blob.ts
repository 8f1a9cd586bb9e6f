/**
 * A file that is written piece by piece, mostly at its end, into Blobs, of which browsers keep large ones on disk. A
 * piece may also replace bytes that were written before, as a header does that is known last.
 */
export class SparseBlob {
  /** In order and without gaps. */
  #parts: Blob[] = [];
  #size = 0;
  /** What was written at the end last, before it is worth a Blob. */
  #tail: Uint8Array<ArrayBuffer>[] = [];
  #tailSize = 0;

  get size(): number {
    return this.#size;
  }

  /** @throws RangeError for a piece that would leave a gap */
  write(bytes: Uint8Array<ArrayBuffer>, position: number): void {
    if (position > this.#size) throw new RangeError(`there is a gap before ${position}`);
    if (position < this.#size) {
      this.#replace(bytes, position);
      return;
    }
    this.#tail.push(bytes);
    this.#tailSize += bytes.length;
    this.#size += bytes.length;
    if (this.#tailSize >= 2 ** 20) this.#settle();
  }

  blob(type: string): Blob {
    this.#settle();
    return new Blob(this.#parts, { type });
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
