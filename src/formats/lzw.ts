/** Maximum number of LZW codes in GIF. */
const tableSize = 4096;

/**
 * LZW encoder for GIF (GIF89a, appendix F): codes grow to 12 bits; output in sub-blocks of at most 255 bytes. Its 2 MB
 * table is reused between frames.
 */
export class GifLzw {
  /** Code of a known string plus one colour: `next[256 * code + colour]`, 0 if unknown. */
  readonly #next = new Uint16Array(256 * tableSize);
  /** Slots of the known strings in `#next`, by code, so that only these are cleared. */
  readonly #slots = new Uint32Array(tableSize);

  /**
   * Encodes a frame's colour indices, from the minimum code size to the block terminator.
   *
   * @param bits Bits per colour, 2 to 8.
   */
  encode(indices: Uint8Array, bits: number): Uint8Array<ArrayBuffer> {
    const clear = 1 << bits;
    const [next, slots] = [this.#next, this.#slots];
    const forget = (codes: number) => {
      for (let known = clear + 2; known <= codes; known++) next[slots[known] ?? 0] = 0;
    };
    const out = new SubBlocks();
    let width = bits + 1;
    let last = clear + 1;
    out.code(clear, width);
    let code = indices[0] ?? 0;
    for (let i = 1; i < indices.length; i++) {
      const colour = indices[i] ?? 0;
      const slot = 256 * code + colour;
      const known = next[slot] ?? 0;
      if (known !== 0) {
        code = known;
        continue;
      }
      out.code(code, width);
      if (last === tableSize - 1) {
        out.code(clear, width);
        forget(last);
        width = bits + 1;
        last = clear + 1;
      } else {
        last++;
        next[slot] = last;
        slots[last] = slot;
        // The decoder is one entry behind, and widens its codes when its own table is full.
        if (last === 1 << width) width++;
      }
      code = colour;
    }
    forget(last);
    out.code(code, width);
    // The decoder adds an entry for the last code, too.
    if (last + 1 === 1 << width && width < 12) width++;
    out.code(clear + 1, width);
    return out.end(bits);
  }
}

/** Packs codes least significant bit first into length-prefixed sub-blocks. */
class SubBlocks {
  #bytes = new Uint8Array(2 ** 14);
  #length = 1;
  /** Position of the current block's length byte. */
  #block = 1;
  #bits = 0;
  #held = 0;

  code(code: number, width: number): void {
    this.#held |= code << this.#bits;
    this.#bits += width;
    while (this.#bits >= 8) {
      this.#byte(this.#held & 255);
      this.#held >>>= 8;
      this.#bits -= 8;
    }
  }

  end(minimum: number): Uint8Array<ArrayBuffer> {
    if (this.#bits > 0) this.#byte(this.#held & 255);
    this.#bytes[0] = minimum;
    const whole = new Uint8Array(this.#length + 1);
    whole.set(this.#bytes.subarray(0, this.#length));
    return whole;
  }

  #byte(byte: number): void {
    if (this.#length + 2 >= this.#bytes.length) {
      const larger = new Uint8Array(2 * this.#bytes.length);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    if (this.#length === this.#block) this.#length++;
    this.#bytes[this.#length++] = byte;
    const inBlock = this.#length - this.#block - 1;
    this.#bytes[this.#block] = inBlock;
    if (inBlock === 255) this.#block = this.#length;
  }
}
