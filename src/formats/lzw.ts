/** The most codes that GIF's table holds. */
const tableSize = 4096;

/**
 * Compresses colour indices as GIF does it (GIF89a, appendix F): LZW with codes that grow to 12 bits, in sub-blocks of
 * at most 255 bytes. The table of 2 MB is kept between frames.
 */
export class GifLzw {
  /** The code of a known string and one more colour: `next[256 * code + colour]`, 0 for none. */
  readonly #next = new Uint16Array(256 * tableSize);

  /** The compressed data of a frame, from the minimum code size to the terminator, for `bits` bits a colour (2 to 8). */
  encode(indices: Uint8Array, bits: number): Uint8Array<ArrayBuffer> {
    const clear = 1 << bits;
    const next = this.#next;
    const out = new SubBlocks();
    let width = bits + 1;
    let last = clear + 1;
    next.fill(0);
    out.code(clear, width);
    let code = indices[0] ?? 0;
    for (let i = 1; i < indices.length; i++) {
      const colour = indices[i] ?? 0;
      const known = next[256 * code + colour] ?? 0;
      if (known !== 0) {
        code = known;
        continue;
      }
      out.code(code, width);
      if (last === tableSize - 1) {
        out.code(clear, width);
        next.fill(0);
        width = bits + 1;
        last = clear + 1;
      } else {
        last++;
        next[256 * code + colour] = last;
        // The reader is one entry behind, and widens when its own table is full.
        if (last === 1 << width) width++;
      }
      code = colour;
    }
    out.code(code, width);
    // The reader has added an entry for the last code, too.
    if (last + 1 === 1 << width && width < 12) width++;
    out.code(clear + 1, width);
    return out.end(bits);
  }
}

/** Codes as bits, least significant first, in blocks that begin with their length. */
class SubBlocks {
  #bytes = new Uint8Array(2 ** 14);
  #length = 1;
  /** Where the block that is being filled begins: its length. */
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
