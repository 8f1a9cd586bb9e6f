import { GifLzw, gifEnd, gifFrame, gifStart, shortestGifDelay } from '../../formats/index.ts';
import { wholeDurations } from '../durations.ts';
import { PaletteMap, diffusionDitherer, nearestDitherer, orderedDitherer } from './dither.ts';
import type { Ditherer } from './dither.ts';
import { asciiJson } from './note.ts';
import { Histogram, paletteOf } from './palette.ts';
import type { Dither, Encode, FrameFeed } from './types.ts';

/** Number of frames, spread over the animation, and of their pixels, that the palette is computed from. */
const sampledFrames = 48;
const sampledPixels = 2 ** 21;
/** Number of pixels that the palette of a single frame is computed from. */
const sampledPixelsOfFrame = 2 ** 16;

/** Palette index of unchanged pixels; the other 255 are colours. */
const transparent = 255;

const ditherers: Readonly<Record<Dither, (pixels: number) => Ditherer>> = {
  none: nearestDitherer,
  ordered: () => orderedDitherer(),
  diffusion: diffusionDitherer,
};

/**
 * GIF encoder. Each frame encodes only the rectangle that changes, with unchanged pixels in it transparent; pixels that
 * are equal in the frames are equal on the screen. One palette for all frames keeps colours from flickering; one palette
 * per frame is closer to each of them.
 */
export const encodeGif: Encode = async (
  feed,
  sink,
  { plays, dither, palettes, note },
  { signal, onProgress },
) => {
  const { width, height, count } = feed;
  const sampled = palettes === 'shared' ? Math.min(count, sampledFrames) : 0;
  const of = sampled + count;
  const shared = sampled > 0 ? new Histogram() : null;
  const stride = Math.max(1, Math.floor((sampled * width * height) / sampledPixels));
  for (let i = 0; i < sampled; i++) {
    signal.throwIfAborted();
    const { data } = await feed.picture(Math.floor((i * count) / sampled));
    shared?.add(data, stride);
    onProgress({ done: i + 1, of });
  }
  const global = shared && new GifPalette(shared);
  const ditherer = ditherers[dither](width * height);
  const lzw = new GifLzw();
  const delays = wholeDurations(feed.seconds, 0.01, shortestGifDelay);
  const comment = note === null ? null : asciiJson(note);
  let position = 0;
  const write = async (bytes: Uint8Array<ArrayBuffer>) => {
    await sink.write(bytes, position);
    position += bytes.length;
  };
  await write(gifStart({ width, height, palette: global?.bytes ?? null, plays, comment }));
  /** Colours on the screen, as 0xRRGGBB. */
  const screen = new Uint32Array(width * height);
  let before: Uint8ClampedArray | null = null;
  for (let i = 0; i < count; i++) {
    signal.throwIfAborted();
    const { data } = await feed.picture(i);
    const palette = global ?? paletteOfFrame(data);
    const indices = ditherer({ width, data, before }, palette.map, transparent);
    const change = changeOf(screen, indices, palette.colours, before === null, feed);
    await write(
      gifFrame({
        ...change,
        palette: global ? null : palette.bytes,
        delay: delays[i] ?? shortestGifDelay,
        transparent: before === null ? null : transparent,
        data: lzw.encode(change.indices, 8),
      }),
    );
    before = data;
    onProgress({ done: sampled + i + 1, of });
  }
  await write(gifEnd);
  return 'drift';
};

/** A palette in the forms in which it is needed. */
class GifPalette {
  readonly map: PaletteMap;
  /** 256 colours, 3 bytes each. */
  readonly bytes = new Uint8Array(3 * 256);
  /** The same as 0xRRGGBB. */
  readonly colours: Uint32Array;

  constructor(histogram: Histogram) {
    const palette = paletteOf(histogram, transparent);
    this.map = new PaletteMap(palette);
    this.bytes.set(palette);
    const at = (i: number) => this.bytes[i] ?? 0;
    this.colours = Uint32Array.from(
      { length: 256 },
      (_, i) => (at(3 * i) << 16) | (at(3 * i + 1) << 8) | at(3 * i + 2),
    );
  }
}

function paletteOfFrame(data: Uint8ClampedArray): GifPalette {
  const histogram = new Histogram();
  histogram.add(data, Math.max(1, Math.floor(data.length / 4 / sampledPixelsOfFrame)));
  return new GifPalette(histogram);
}

/**
 * Bounding rectangle of the pixels that change on the screen, at least one pixel, with its indices. Updates the screen.
 *
 * @param isFirst whether the screen is still empty
 */
function changeOf(
  screen: Uint32Array,
  indices: Uint8Array,
  colours: Uint32Array,
  isFirst: boolean,
  { width, height }: Pick<FrameFeed, 'width' | 'height'>,
): { x: number; y: number; width: number; height: number; indices: Uint8Array } {
  let [left, right, top, bottom] = [width, 0, height, 0];
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) {
      const index = indices[at] ?? 0;
      if (index === transparent) continue;
      const colour = colours[index] ?? 0;
      if (!isFirst && screen[at] === colour) {
        indices[at] = transparent;
        continue;
      }
      screen[at] = colour;
      if (x < left) left = x;
      if (x > right) right = x;
      if (y < top) top = y;
      bottom = y;
    }
  }
  if (isFirst) return { x: 0, y: 0, width, height, indices };
  if (left > right) return { x: 0, y: 0, width: 1, height: 1, indices: Uint8Array.of(transparent) };
  const part = { x: left, y: top, width: right - left + 1, height: bottom - top + 1 };
  if (part.width === width) {
    return { ...part, indices: indices.subarray(top * width, (bottom + 1) * width) };
  }
  const cut = new Uint8Array(part.width * part.height);
  for (let y = 0; y < part.height; y++) {
    const from = (top + y) * width + left;
    cut.set(indices.subarray(from, from + part.width), y * part.width);
  }
  return { ...part, indices: cut };
}
