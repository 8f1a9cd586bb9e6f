import { GifLzw, gifEnd, gifFrame, gifStart, shortestGifDelay } from '../../formats/index.ts';
import { asciiJson } from './note.ts';
import { Histogram, PaletteMap, paletteOf } from './palette.ts';
import { wholeDurations } from '../durations.ts';
import type { Encode, FrameFeed } from './types.ts';

/** Number of frames, spread over the animation, and of their pixels, that the palette is computed from. */
const sampledFrames = 48;
const sampledPixels = 2 ** 21;

/** Palette index of unchanged pixels; the other 255 are colours. */
const transparent = 255;

/**
 * GIF encoder with one palette for all frames, so that unchanged areas keep their colours and do not flicker. Each frame
 * encodes only the rectangle that changes, with unchanged pixels in it transparent.
 */
export const encodeGifQuick: Encode = async (feed, sink, { loop, dither, note }, { signal, onProgress }) => {
  const { width, height, count } = feed;
  const sampled = Math.min(count, sampledFrames);
  const of = sampled + count;
  const histogram = new Histogram();
  const stride = Math.max(1, Math.floor((sampled * width * height) / sampledPixels));
  for (let i = 0; i < sampled; i++) {
    signal.throwIfAborted();
    const { data } = await feed.picture(Math.floor((i * count) / sampled));
    histogram.add(data, stride);
    onProgress({ done: i + 1, of });
  }
  const colours = paletteOf(histogram, transparent);
  const palette = new Uint8Array(3 * 256);
  palette.set(colours);
  const map = new PaletteMap(colours, dither);
  const lzw = new GifLzw();
  const delays = wholeDurations(feed.seconds, 0.01, shortestGifDelay);
  let position = 0;
  const write = async (bytes: Uint8Array<ArrayBuffer>) => {
    await sink.write(bytes, position);
    position += bytes.length;
  };
  await write(gifStart({ width, height, palette, loop, comment: note === null ? null : asciiJson(note) }));
  let shown: Uint8Array | null = null;
  for (let i = 0; i < count; i++) {
    signal.throwIfAborted();
    const { data } = await feed.picture(i);
    const indices = map.map(data, width);
    const change = changeOf(shown, indices, feed);
    await write(
      gifFrame({
        ...change,
        delay: delays[i] ?? shortestGifDelay,
        transparent: shown === null ? null : transparent,
        data: lzw.encode(change.indices, 8),
      }),
    );
    shown = indices;
    onProgress({ done: sampled + i + 1, of });
  }
  await write(gifEnd);
  return 'drift';
};

/** Bounding rectangle of the changed pixels, at least one pixel, with its indices. */
function changeOf(
  before: Uint8Array | null,
  after: Uint8Array,
  { width, height }: Pick<FrameFeed, 'width' | 'height'>,
): { x: number; y: number; width: number; height: number; indices: Uint8Array } {
  if (!before) return { x: 0, y: 0, width, height, indices: after };
  let [left, right, top, bottom] = [width, 0, height, 0];
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) {
      if (before[at] === after[at]) continue;
      if (x < left) left = x;
      if (x > right) right = x;
      if (y < top) top = y;
      bottom = y;
    }
  }
  if (left > right) return { x: 0, y: 0, width: 1, height: 1, indices: Uint8Array.of(transparent) };
  const part = { x: left, y: top, width: right - left + 1, height: bottom - top + 1 };
  const indices = new Uint8Array(part.width * part.height);
  for (let y = 0, to = 0; y < part.height; y++) {
    let at = (top + y) * width + left;
    for (let x = 0; x < part.width; x++, at++, to++) {
      const colour = after[at] ?? 0;
      indices[to] = before[at] === colour ? transparent : colour;
    }
  }
  return { ...part, indices };
}
