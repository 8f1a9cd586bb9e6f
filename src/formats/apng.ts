import { concatBytes } from '../base/index.ts';
import { pngChunk, pngChunks } from './png-chunks.ts';
import { pngSignature } from './png-rows.ts';

export interface ApngOptions {
  readonly width: number;
  readonly height: number;
  readonly frames: number;
  /** Number of times that it plays; 0 for ever. */
  readonly plays: number;
  /** Encoded chunks placed before the frames, such as text. */
  readonly chunks: readonly Uint8Array[];
}

/**
 * APNG writer (W3C PNG, third edition, 11.3.5). Reuses the compressed data of PNG files, so it is lossless and
 * compresses nothing. Every frame replaces the whole picture. Concatenate the results of `frame` in order, then `end`.
 */
export class ApngWriter {
  readonly #options: ApngOptions;
  #header: string | null = null;
  #sequence = 0;

  constructor(options: ApngOptions) {
    this.#options = options;
  }

  /**
   * Encodes the next frame; the first is preceded by the file's header.
   *
   * @param png File with the animation's size and the first frame's colour type.
   * @param milliseconds Duration. From 65,536 on it is stored in hundredths of a second.
   * @throws RangeError if `png` has no header, or another header than the first frame
   */
  frame(png: Uint8Array<ArrayBuffer>, milliseconds: number): Uint8Array<ArrayBuffer> {
    const { width, height, frames, plays, chunks } = this.#options;
    const own = pngChunks(png);
    const header = own.find(({ type }) => type === 'IHDR');
    if (!header) throw new RangeError('this PNG has no header');
    const isFirst = this.#header === null;
    this.#header ??= header.body.join();
    if (this.#header !== header.body.join()) throw new RangeError('all frames of an APNG are of one kind');
    const control = new Uint8Array(26);
    const view = new DataView(control.buffer);
    [this.#sequence++, width, height, 0, 0].forEach((value, i) => {
      view.setUint32(4 * i, value);
    });
    const isLong = milliseconds > 0xffff;
    view.setUint16(20, isLong ? Math.min(0xffff, Math.round(milliseconds / 10)) : milliseconds);
    view.setUint16(22, isLong ? 100 : 1000);
    const data = own.filter(({ type }) => type === 'IDAT').map(({ body }) => this.#data(body, isFirst));
    const parts = [pngChunk('fcTL', control), ...data];
    if (!isFirst) return concatBytes(parts);
    const animation = new Uint8Array(8);
    new DataView(animation.buffer).setUint32(0, frames);
    new DataView(animation.buffer).setUint32(4, plays);
    const start = [pngSignature, pngChunk('IHDR', header.body), pngChunk('acTL', animation)];
    return concatBytes([...start, ...chunks, ...parts]);
  }

  end(): Uint8Array<ArrayBuffer> {
    return pngChunk('IEND', new Uint8Array(0));
  }

  #data(body: Uint8Array, isFirst: boolean): Uint8Array {
    if (isFirst) return pngChunk('IDAT', body);
    const numbered = new Uint8Array(4 + body.length);
    new DataView(numbered.buffer).setUint32(0, this.#sequence++);
    numbered.set(body, 4);
    return pngChunk('fdAT', numbered);
  }
}
