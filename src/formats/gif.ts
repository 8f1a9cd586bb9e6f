import { concatBytes } from '../base/index.ts';

/** Shortest GIF frame delay, in hundredths of a second: browsers show shorter ones for a tenth of a second. */
export const shortestGifDelay = 2;

export interface GifStart {
  readonly width: number;
  readonly height: number;
  /** Global palette: 256 colours, 3 bytes each. Null if every frame has its own. */
  readonly palette: Uint8Array | null;
  /** Number of times that it plays; 0 for ever. */
  readonly plays: number;
  /** Text for the comment extension, in ASCII; null for none. */
  readonly comment: string | null;
}

/** Header of a GIF89a file: logical screen, palette, Netscape loop extension, comment. */
export function gifStart({ width, height, palette, plays, comment }: GifStart): Uint8Array<ArrayBuffer> {
  const screen = new Uint8Array(13);
  screen.set(new TextEncoder().encode('GIF89a'));
  const view = new DataView(screen.buffer);
  view.setUint16(6, width, true);
  view.setUint16(8, height, true);
  // Eight bits per colour; the top bit says that a global palette of 256 follows.
  screen[10] = palette ? 0xf7 : 0x70;
  return concatBytes([
    screen,
    palette ?? new Uint8Array(0),
    plays === 1 ? new Uint8Array(0) : gifLoop(plays),
    comment === null ? new Uint8Array(0) : gifComment(comment),
  ]);
}

export const gifEnd = Uint8Array.of(0x3b);

/**
 * Netscape application extension. It counts repeats after the first time, so that a file which plays once has none; 0
 * repeats for ever.
 *
 * @param plays At most 65,536; 0 for ever.
 */
export function gifLoop(plays: number): Uint8Array<ArrayBuffer> {
  const repeats = plays === 0 ? 0 : plays - 1;
  return concatBytes([
    Uint8Array.of(0x21, 0xff, 11),
    new TextEncoder().encode('NETSCAPE2.0'),
    Uint8Array.of(3, 1, repeats & 255, repeats >> 8, 0),
  ]);
}

/** Comment extension; GIF89a allows only ASCII. */
export function gifComment(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new TextEncoder().encode(text);
  const blocks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += 255) {
    const block = bytes.subarray(at, at + 255);
    blocks.push(Uint8Array.of(block.length), block);
  }
  return concatBytes([Uint8Array.of(0x21, 0xfe), ...blocks, Uint8Array.of(0)]);
}

export interface GifFrame {
  /** Rectangle of the screen that the frame replaces. */
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** In hundredths of a second. */
  readonly delay: number;
  /** Palette index that leaves the pixel below unchanged; null for none. */
  readonly transparent: number | null;
  /** Palette of the frame: 256 colours, 3 bytes each. Null if it uses the global one. */
  readonly palette: Uint8Array | null;
  /** LZW data, starting with the minimum code size. */
  readonly data: Uint8Array;
}

/** Encodes a frame that stays on screen (disposal method 1). */
export function gifFrame(frame: GifFrame): Uint8Array<ArrayBuffer> {
  const { x, y, width, height, delay, transparent, palette, data } = frame;
  const header = new Uint8Array(18);
  const view = new DataView(header.buffer);
  header.set([0x21, 0xf9, 4, (1 << 2) | (transparent === null ? 0 : 1)]);
  view.setUint16(4, delay, true);
  header[6] = transparent ?? 0;
  header[8] = 0x2c;
  [x, y, width, height].forEach((value, i) => {
    view.setUint16(9 + 2 * i, value, true);
  });
  if (palette) header[17] = 0x87;
  return concatBytes([header, palette ?? new Uint8Array(0), data]);
}
