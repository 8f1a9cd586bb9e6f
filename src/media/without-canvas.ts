import { InputError } from '../base/index.ts';
import type { ErrorDetails, Picture } from '../base/index.ts';
import { decodePng } from '../formats/index.ts';
import type { PngFault } from '../formats/index.ts';
import { exifOrientation } from './orientation.ts';
import type { Orientation } from './orientation.ts';
import { oriented } from './resample.ts';
import type { PictureHeader } from './sniff.ts';

/** A PNG that Drift's decoder does not support, but the browser's may. */
class OtherPng extends Error {
  override readonly name = 'OtherPng';
}

/**
 * Decodes the first frame of a picture file without a canvas, applying EXIF orientation: PNG by Drift's decoder,
 * everything else by WebCodecs, whose pixels no known browser alters.
 *
 * @param type MIME type detected from the contents.
 * @throws InputError `picture-damaged`, or `canvas-inexact` if the browser supports neither
 */
export async function decodeWithoutCanvas(file: Blob, header: PictureHeader, type: string): Promise<Picture> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const orientation = exifOrientation(bytes, header.kind);
  const decodes = typeof ImageDecoder !== 'undefined' && (await ImageDecoder.isTypeSupported(type));
  // Drift's decoder ignores colour profiles.
  if (header.kind === 'png' && !(decodes && hasColourProfile(bytes))) {
    try {
      return oriented(await decodePng(bytes, header, { name: 'The picture', fail: failPng }), orientation);
    } catch (error) {
      if (!(error instanceof OtherPng)) throw error;
    }
  }
  if (!decodes) {
    throw new InputError(
      'canvas-inexact',
      'Your browser changes the pixels of pictures that this page reads.',
      {
        remedy:
          'It protects against fingerprinting. Allow this page to read canvas data (Firefox asks beside the address), or choose a PNG of 8 bits a channel.',
        details: { kind: header.kind },
      },
    );
  }
  const decoder = new ImageDecoder({ type, data: bytes });
  try {
    const { image } = await decoder.decode();
    const picture = await pixelsOf(image);
    return turned(picture, header, orientation);
  } catch (cause) {
    throw new InputError('picture-damaged', 'The picture is damaged: your browser cannot read it.', {
      remedy: 'Open it in another program and save it as PNG or JPEG, or choose another picture.',
      details: { kind: header.kind, bytes: file.size },
      cause,
    });
  } finally {
    decoder.close();
  }
}

/** Copies a frame's pixels as RGBA, ignoring its rotation metadata, and closes it. */
export async function pixelsOf(frame: VideoFrame): Promise<Picture> {
  try {
    const { width, height } = frame.visibleRect ?? { width: frame.codedWidth, height: frame.codedHeight };
    const data = new Uint8ClampedArray(4 * width * height);
    const layout = [{ offset: 0, stride: 4 * width }];
    await frame.copyTo(data, { format: 'RGBA', colorSpace: 'srgb', layout });
    return { width, height, data };
  } finally {
    frame.close();
  }
}

/** Applies EXIF orientation unless the browser has: Chromium (156) does not; swapped sides show that another browser did. */
function turned(picture: Picture, header: PictureHeader, orientation: Orientation): Picture {
  const swapped = orientation >= 5 && header.width !== header.height && picture.width === header.height;
  return swapped ? picture : oriented(picture, orientation);
}

/** Whether a PNG has a chunk `iCCP` or `cICP`, which come before its pixels. */
function hasColourProfile(png: Uint8Array): boolean {
  const view = new DataView(png.buffer, png.byteOffset, png.length);
  for (let at = 8; at + 12 <= png.length; at += 12 + view.getUint32(at)) {
    const type = String.fromCharCode(...png.subarray(at + 4, at + 8));
    if (type === 'iCCP' || type === 'cICP') return true;
    if (type === 'IDAT') return false;
  }
  return false;
}

function failPng(fault: PngFault, message: string, details: ErrorDetails, cause?: unknown): Error {
  if (fault === 'unsupported') return new OtherPng(message);
  return new InputError('picture-damaged', message, {
    remedy: 'Open it in another program and save it again, or choose another picture.',
    details,
    cause,
  });
}
