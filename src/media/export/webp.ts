import { MediaError, abortable } from '../../base/index.ts';
import type { PictureSize } from '../../formats/index.ts';
import { webpFrame, webpLength, webpLengthAt, webpStart, webpXmp, xmpPacket } from '../../formats/index.ts';
import { canvasIsExact } from '../canvas-probe.ts';
import { programName } from './note.ts';
import { wholeDurations } from '../durations.ts';
import type { Encode, FrameFeed } from './types.ts';

/** Canvas quality without reduction: nearly no visible loss, half the size of lossless. */
const fullQuality = 0.9;

/** True if the browser's canvas encodes WebP; Safari's silently encodes PNG. */
export async function canEncodeWebp(): Promise<boolean> {
  if (!('OffscreenCanvas' in globalThis)) return false;
  const canvas = new OffscreenCanvas(2, 2);
  if (!canvas.getContext('2d')) return false;
  const file = await canvas.convertToBlob({ type: 'image/webp' }).catch(() => null);
  return file?.type === 'image/webp' && canvasIsExact();
}

/** Receives an encoder's still pictures in order. */
type TakeStill = (file: Uint8Array) => Promise<void>;

/** Animated WebP encoder: frames by the browser's encoder, or by ffmpeg if it has none; muxed here. */
export const encodeWebp: Encode = async (feed, sink, options, { signal, createOutput, onProgress }) => {
  const { width, height, count } = feed;
  const { plays, note } = options;
  const durations = wholeDurations(feed.seconds, 0.001, 1);
  const native = await abortable(canEncodeWebp(), signal);
  let position = 0;
  const write = async (bytes: Uint8Array<ArrayBuffer>) => {
    await sink.write(bytes, position);
    position += bytes.length;
  };
  await write(webpStart({ width, height, plays, hasXmp: note !== null }));
  let done = 0;
  const take: TakeStill = async (file) => {
    await write(webpFrame(file, { width, height, milliseconds: durations[done++] ?? 1 }));
    if (native) onProgress({ done, of: count });
  };
  const quality = fullQuality * options.quality;
  if (native) {
    await encodeWithCanvas(feed, quality, take, signal);
  } else {
    const { encodeWithFfmpeg } = await abortable(import('../ffmpeg.ts'), signal);
    await encodeWithFfmpeg(
      {
        format: 'WebP',
        width,
        height,
        frameRate: 10,
        shown: durations.map((_, index) => index),
        picture: (index) => feed.picture(index),
        options: `-c:v libwebp -quality ${Math.round(100 * quality)} -f image2 %d.webp`.split(' '),
        outputs: durations.map((_, index) => `${index + 1}.webp`),
        take,
      },
      {
        signal,
        createOutput,
        onShare(share) {
          onProgress({ done: Math.floor(share * count), of: count });
        },
      },
    );
  }
  if (note !== null) await write(webpXmp(xmpPacket(note, programName)));
  await sink.write(webpLength(position), webpLengthAt);
  return native ? 'canvas' : 'ffmpeg';
};

async function encodeWithCanvas(
  feed: FrameFeed,
  quality: number,
  take: TakeStill,
  signal: AbortSignal,
): Promise<void> {
  const { width, height, count } = feed;
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d');
  if (!context) throw failed('there is no memory for a canvas', feed);
  for (let i = 0; i < count; i++) {
    signal.throwIfAborted();
    const { data } = await feed.picture(i);
    context.putImageData(new ImageData(data, width, height), 0, 0);
    const file = await canvas.convertToBlob({ type: 'image/webp', quality });
    // Browsers may fall back to another type when they run out of memory.
    if (file.type !== 'image/webp') throw failed(`the browser wrote ${file.type} instead`, feed);
    await take(new Uint8Array(await file.arrayBuffer()));
  }
}

function failed(reason: string, { width, height }: PictureSize): MediaError {
  return new MediaError('webp-failed', `The WebP could not be written: ${reason}.`, {
    remedy: 'Try again, or choose another format.',
    details: { width, height },
  });
}
