import { InputError } from '../base/index.ts';
import type { Picture } from '../base/index.ts';
import type { PictureSize } from '../formats/index.ts';
import { exifOrientation } from './orientation.ts';
import type { Orientation } from './orientation.ts';
import { canvasIsExact } from './canvas-probe.ts';
import { oriented, resampled } from './resample.ts';
import type { Rectangle } from './resample.ts';
import { checkPictureSize, sniffPicture } from './sniff.ts';
import type { PictureHeader, PictureKind } from './sniff.ts';
import { decodeWithoutCanvas, pixelsOf } from './without-canvas.ts';

/** Target frame of a picture. */
export interface DecodeOptions {
  /** Size of the frame in pixels. */
  readonly width: number;
  readonly height: number;
  /** `crop` cuts the longer side at both ends; `stretch` distorts the picture. */
  readonly fit: 'crop' | 'stretch';
}

/** Bytes read first. Nearly every header fits; more is read only for large EXIF or depth blocks. */
const firstRead = 65_536;

/** Maximum side of a canvas that all browsers support. */
const largestCanvasSide = 8192;

const types: Readonly<Record<PictureKind, string>> = {
  jpeg: 'image/jpeg',
  png: 'image/png',
  webp: 'image/webp',
  avif: 'image/avif',
  gif: 'image/gif',
  bmp: 'image/bmp',
};

async function readHead(file: Blob, length: number): Promise<Uint8Array> {
  try {
    return new Uint8Array(await file.slice(0, length).arrayBuffer());
  } catch (cause) {
    throw new InputError('file-unreadable', 'The file could not be read.', {
      remedy: 'It may have been moved or changed since you chose it: choose it again.',
      details: { bytes: file.size },
      cause,
    });
  }
}

async function readHeader(file: Blob, signal: AbortSignal): Promise<PictureHeader> {
  for (let length = firstRead; ; length *= 16) {
    const head = await readHead(file, length);
    signal.throwIfAborted();
    try {
      return sniffPicture(head);
    } catch (error) {
      const more = error instanceof InputError && error.code === 'picture-cut-off' && length < file.size;
      if (!more) throw error;
    }
  }
}

/** MIME type of a picture, from its contents. @throws InputError as `sniffPicture`, and `file-unreadable` */
export async function pictureType(file: Blob, signal: AbortSignal): Promise<string> {
  return types[(await readHeader(file, signal)).kind];
}

/** Decodes the first frame, applying EXIF orientation. */
async function decodeBitmap(file: Blob, kind: PictureKind): Promise<ImageBitmap> {
  try {
    // MIME type from the contents: a file's own type comes from its name, and some browsers trust it.
    return await createImageBitmap(file.slice(0, file.size, types[kind]), { imageOrientation: 'from-image' });
  } catch (cause) {
    throw new InputError('picture-damaged', 'The picture is damaged: your browser cannot read it.', {
      remedy: 'Open it in another program and save it as PNG or JPEG, or choose another picture.',
      details: { kind, bytes: file.size },
      cause,
    });
  }
}

/** Rectangle of the picture that the frame shows, not rounded, so that it stays centred. */
export function visiblePart(
  picture: { readonly width: number; readonly height: number },
  { width, height, fit }: DecodeOptions,
): Rectangle {
  if (fit === 'stretch') return { x: 0, y: 0, width: picture.width, height: picture.height };
  const scale = Math.min(picture.width / width, picture.height / height);
  // Guard against rounding errors beyond the edge.
  const part = {
    width: Math.min(scale * width, picture.width),
    height: Math.min(scale * height, picture.height),
  };
  return { x: (picture.width - part.width) / 2, y: (picture.height - part.height) / 2, ...part };
}

interface Halving {
  /** Start and length of the source along one axis, in whole pixels. */
  readonly start: number;
  readonly length: number;
  /** Resulting number of pixels. */
  readonly side: number;
}

/**
 * One halving step along one axis of a picture that is much larger than `target`: averages whole pairs of pixels, so that
 * all have equal weight, and drops an odd one at the edge. Other factors would skip pixels or weigh them unevenly, and
 * fine patterns would alias.
 */
export function halve(start: number, length: number, target: number): Halving {
  if (length < 2 * target) {
    return { start: Math.round(start), length: Math.round(length), side: Math.round(length) };
  }
  const pairs = Math.floor(length / 2);
  if (pairs > largestCanvasSide) return { start, length, side: largestCanvasSide };
  return { start: Math.round(start + (length - 2 * pairs) / 2), length: 2 * pairs, side: pairs };
}

function canvasContext(width: number, height: number): OffscreenCanvasRenderingContext2D {
  // Not on the GPU: the pixels are read back at once, and are then the same on every machine.
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
  if (!context) {
    throw new InputError('picture-too-large', 'Your browser has no memory left for this picture.', {
      remedy: 'Close other tabs, or make the picture smaller in another program first.',
      details: { width, height },
    });
  }
  context.imageSmoothingEnabled = true;
  context.imageSmoothingQuality = 'high';
  return context;
}

/** What a canvas can draw. */
type Drawable = ImageBitmap | OffscreenCanvas | VideoFrame;

/** Draws a rectangle of a picture on white, scaled to `width` × `height`. */
function draw(source: Drawable, part: Rectangle, width: number, height: number) {
  const context = canvasContext(width, height);
  // The canvas premultiplies by alpha, so colours of transparent pixels do not matter.
  context.fillStyle = '#fff';
  context.fillRect(0, 0, width, height);
  context.drawImage(source, part.x, part.y, part.width, part.height, 0, 0, width, height);
  return context;
}

/** Scales the visible rectangle to the frame's size: by halves while it is at least twice as large, then in one step. */
function resample(picture: Drawable, size: PictureSize, options: DecodeOptions): Picture {
  const { width, height } = options;
  let source = picture;
  let part = visiblePart(size, options);
  /** Draws the next step, and frees the canvas of the previous one now: garbage collection would come too late. */
  const step = (from: Rectangle, across: number, down: number) => {
    const context = draw(source, from, across, down);
    if (source instanceof OffscreenCanvas && source !== picture) source.width = source.height = 0;
    source = context.canvas;
    return context;
  };
  while (part.width >= 2 * width || part.height >= 2 * height) {
    const across = halve(part.x, part.width, width);
    const down = halve(part.y, part.height, height);
    step(
      { x: across.start, y: down.start, width: across.length, height: down.length },
      across.side,
      down.side,
    );
    part = { x: 0, y: 0, width: across.side, height: down.side };
  }
  return { width, height, data: step(part, width, height).getImageData(0, 0, width, height).data };
}

/** All pixels of a picture, turned. */
function uprightPixels(picture: Drawable, size: PictureSize, orientation: Orientation): Picture {
  return oriented(resample(picture, size, { ...size, fit: 'stretch' }), orientation);
}

/** A WebP of 2 × 1 pixels that has to be turned by a quarter. */
const sidewaysWebp =
  'UklGRlIAAABXRUJQVlA4WAoAAAAIAAAAAQAAAAAAVlA4TBEAAAAvAQAAAAdQsiJXpv+BiOh/AABFWElGGgAAAE1NACoAAAAIAAEBEgADAAAAAQAGAAAAAAAA';

let browserTurnsWebp: Promise<boolean> | null = null;

/** EXIF orientation of a WebP that the browser does not apply: Chromium (156) ignores it. */
async function orientationLeft(file: Blob): Promise<Orientation> {
  const orientation = exifOrientation(new Uint8Array(await file.arrayBuffer()), 'webp');
  if (orientation === 1) return 1;
  browserTurnsWebp ??= (async () => {
    const bytes = Uint8Array.from(atob(sidewaysWebp), (character) => character.charCodeAt(0));
    const bitmap = await decodeBitmap(new Blob([bytes]), 'webp');
    const { width, height } = bitmap;
    bitmap.close();
    return height > width;
  })();
  return (await browserTurnsWebp) ? 1 : orientation;
}

/** A decoded picture. */
export interface OpenedPicture {
  /** Size in pixels, after orientation. */
  readonly width: number;
  readonly height: number;
  /** Makes a frame in sRGB, with transparency on white, cropped or stretched around the centre. */
  cut(options: DecodeOptions): Picture;
  close(): void;
}

/**
 * Decodes a picture file in a worker: the first frame of an animation, with its orientation applied.
 *
 * @throws InputError as `sniffPicture`, `file-unreadable` if the file is gone or locked, `picture-damaged` if the browser
 *   cannot decode it, and `canvas-inexact` if the browser only returns altered pixels; the signal's reason if aborted
 */
export async function openPicture(file: Blob, signal: AbortSignal): Promise<OpenedPicture> {
  signal.throwIfAborted();
  const header = await readHeader(file, signal);
  const { kind } = header;
  if (!canvasIsExact()) {
    const picture = await decodeWithoutCanvas(file, header, types[kind]);
    signal.throwIfAborted();
    checkPictureSize({ kind, width: picture.width, height: picture.height });
    return openedPixels(picture);
  }
  const orientation = kind === 'webp' ? await orientationLeft(file) : 1;
  signal.throwIfAborted();
  const bitmap = await decodeBitmap(file, kind);
  try {
    signal.throwIfAborted();
    const { width, height } = bitmap;
    // The decoded size may differ from the header's.
    checkPictureSize({ kind, width, height });
    if (orientation !== 1) {
      const opened = openedPixels(uprightPixels(bitmap, { width, height }, orientation));
      bitmap.close();
      return opened;
    }
    return {
      width,
      height,
      cut: (options) => resample(bitmap, bitmap, options),
      close: () => {
        bitmap.close();
      },
    };
  } catch (error) {
    bitmap.close();
    throw error;
  }
}

function openedPixels(picture: Picture): OpenedPicture {
  return {
    width: picture.width,
    height: picture.height,
    cut: (options) => resampled(picture, visiblePart(picture, options), options.width, options.height),
    close: () => undefined,
  };
}

/**
 * Opens a decoded frame of an animation or a video, which is closed with the result.
 *
 * @param orientation how the frame has to be turned
 */
export async function openFrame(frame: VideoFrame, orientation: Orientation): Promise<OpenedPicture> {
  if (!canvasIsExact()) return openedPixels(oriented(await pixelsOf(frame), orientation));
  const size = { width: frame.displayWidth, height: frame.displayHeight };
  if (orientation !== 1) {
    const opened = openedPixels(uprightPixels(frame, size, orientation));
    frame.close();
    return opened;
  }
  return {
    ...size,
    cut: (options) => resample(frame, size, options),
    close: () => {
      frame.close();
    },
  };
}

/**
 * Decodes a picture file to a frame of exactly `width` × `height`.
 *
 * @throws like `openPicture`
 */
export async function decodePicture(
  file: Blob,
  options: DecodeOptions,
  signal: AbortSignal,
): Promise<Picture> {
  const picture = await openPicture(file, signal);
  try {
    return picture.cut(options);
  } finally {
    picture.close();
  }
}
