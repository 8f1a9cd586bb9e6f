import { InputError } from '../base/index.ts';
import type { Picture } from '../base/index.ts';
import { canvasIsExact } from './canvas-probe.ts';
import { resampled } from './resample.ts';
import type { Rectangle } from './resample.ts';
import { checkPictureSize, sniffPicture } from './sniff.ts';
import type { PictureHeader, PictureKind } from './sniff.ts';
import { decodeWithoutCanvas } from './without-canvas.ts';

/** The frame that a picture is to become. */
export interface DecodeOptions {
  /** Sides of the frame in pixels. */
  readonly width: number;
  readonly height: number;
  /** `crop` cuts the longer side at both ends, `stretch` keeps everything and changes the proportions. */
  readonly fit: 'crop' | 'stretch';
}

/** Nearly every header ends within its first 64 kB; the rest (large EXIF or depth blocks) is read only on need. */
const FIRST_READ = 65_536;

/** Canvases above this side are refused by some browsers. */
const MAX_CANVAS_SIDE = 8192;

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
  for (let length = FIRST_READ; ; length *= 16) {
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

/** Has the browser decode the first frame, turned as its EXIF says. */
async function decodeBitmap(file: Blob, kind: PictureKind): Promise<ImageBitmap> {
  try {
    // The type comes from the bytes: a file's own type comes from its name, and some browsers trust it.
    return await createImageBitmap(file.slice(0, file.size, types[kind]), { imageOrientation: 'from-image' });
  } catch (cause) {
    throw new InputError('picture-damaged', 'The picture is damaged: your browser cannot read it.', {
      remedy: 'Open it in another program and save it as PNG or JPEG, or choose another picture.',
      details: { kind, bytes: file.size },
      cause,
    });
  }
}

/** The part of a picture that a frame shows, in the picture's pixels; not rounded, so that the centre stays put. */
export function visiblePart(
  picture: { readonly width: number; readonly height: number },
  { width, height, fit }: DecodeOptions,
): Rectangle {
  if (fit === 'stretch') return { x: 0, y: 0, width: picture.width, height: picture.height };
  const scale = Math.min(picture.width / width, picture.height / height);
  // Rounding must not carry the product over the picture's edge.
  const part = {
    width: Math.min(scale * width, picture.width),
    height: Math.min(scale * height, picture.height),
  };
  return { x: (picture.width - part.width) / 2, y: (picture.height - part.height) / 2, ...part };
}

interface Halving {
  /** Where to begin and how much to take of one side, in whole pixels. */
  readonly start: number;
  readonly length: number;
  /** How many pixels that becomes. */
  readonly side: number;
}

/**
 * One step along one side of a picture that is too large for `target`: pixels are taken in whole pairs, so that
 * each counts the same, and an odd one out is left behind at the edge. A larger step would leave pixels out, and a
 * crooked one would weigh them unevenly: fine patterns would shimmer.
 */
export function halve(start: number, length: number, target: number): Halving {
  if (length < 2 * target) {
    return { start: Math.round(start), length: Math.round(length), side: Math.round(length) };
  }
  const pairs = Math.floor(length / 2);
  if (pairs > MAX_CANVAS_SIDE) return { start, length, side: MAX_CANVAS_SIDE };
  return { start: Math.round(start + (length - 2 * pairs) / 2), length: 2 * pairs, side: pairs };
}

function canvasContext(width: number, height: number): OffscreenCanvasRenderingContext2D {
  // Kept off the GPU: the pixels are read back at once, and are then the same on every machine.
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

/** Draws a part of a picture on white, scaled to `width` × `height`. */
function draw(source: ImageBitmap | OffscreenCanvas, part: Rectangle, width: number, height: number) {
  const context = canvasContext(width, height);
  // The canvas weighs colours by their alpha, so what stands under clear pixels does not count.
  context.fillStyle = '#fff';
  context.fillRect(0, 0, width, height);
  context.drawImage(source, part.x, part.y, part.width, part.height, 0, 0, width, height);
  return context;
}

/** Brings the visible part to the frame's size: by halves while it is twice as large or more, then in one step. */
function resample(bitmap: ImageBitmap, options: DecodeOptions): Picture {
  const { width, height } = options;
  let source: ImageBitmap | OffscreenCanvas = bitmap;
  let part = visiblePart(bitmap, options);
  /** Draws the next step. The canvas of the step before is freed now: waiting for it, many would fill the memory. */
  const step = (from: Rectangle, across: number, down: number) => {
    const context = draw(source, from, across, down);
    if (source instanceof OffscreenCanvas) source.width = source.height = 0;
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

/** A picture that has been decoded. */
export interface OpenedPicture {
  /** Sides in pixels, turned as the file says. */
  readonly width: number;
  readonly height: number;
  /** A frame of it, in sRGB, transparency on white, cut or stretched about its centre. */
  cut(options: DecodeOptions): Picture;
  close(): void;
}

/**
 * Decodes a picture file: the first frame of an animation, turned as its EXIF or its container says. Runs in a worker.
 *
 * @throws InputError for the reasons of `sniffPicture`, `file-unreadable` when the file is gone or locked,
 *   `picture-damaged` when the browser refuses the data, and `canvas-inexact` when it only gives noise; the signal's
 *   reason when it is aborted.
 */
export async function openPicture(file: Blob, signal: AbortSignal): Promise<OpenedPicture> {
  signal.throwIfAborted();
  const header = await readHeader(file, signal);
  const { kind } = header;
  if (!canvasIsExact()) {
    const picture = await decodeWithoutCanvas(file, header, types[kind]);
    signal.throwIfAborted();
    const { width, height } = picture;
    checkPictureSize({ kind, width, height });
    return {
      width,
      height,
      cut: (options) => resampled(picture, visiblePart(picture, options), options.width, options.height),
      close: () => undefined,
    };
  }
  const bitmap = await decodeBitmap(file, kind);
  try {
    signal.throwIfAborted();
    const { width, height } = bitmap;
    // What was decoded may be another size than the header said.
    checkPictureSize({ kind, width, height });
    return {
      width,
      height,
      cut: (options) => resample(bitmap, options),
      close: () => {
        bitmap.close();
      },
    };
  } catch (error) {
    bitmap.close();
    throw error;
  }
}

/**
 * Turns a picture file into a frame of exactly `width` × `height`.
 *
 * @throws as `openPicture` does
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
