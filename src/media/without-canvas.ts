import { InputError } from '../base/index.ts';
import type { ErrorDetails, Picture } from '../base/index.ts';
import { decodePng } from '../formats/index.ts';
import type { PngFault } from '../formats/index.ts';
import { jpegOrientation } from './orientation.ts';
import { oriented } from './resample.ts';
import type { PictureHeader } from './sniff.ts';

/** Number of bytes that always include a JPEG's EXIF block. */
const exifReach = 2 * 65_536;

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
  if (header.kind === 'png') {
    try {
      const bytes = new Uint8Array(await file.arrayBuffer());
      return decodePng(bytes, header, { name: 'The picture', fail: failPng });
    } catch (error) {
      if (!(error instanceof OtherPng)) throw error;
    }
  }
  if (typeof ImageDecoder === 'undefined' || !(await ImageDecoder.isTypeSupported(type))) {
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
  const decoder = new ImageDecoder({ type, data: await file.arrayBuffer() });
  try {
    const { image } = await decoder.decode();
    const picture = await pixelsOf(image);
    return header.kind === 'jpeg' ? await turned(picture, header, file) : picture;
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
async function pixelsOf(frame: VideoFrame): Promise<Picture> {
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
async function turned(picture: Picture, header: PictureHeader, file: Blob): Promise<Picture> {
  const orientation = jpegOrientation(new Uint8Array(await file.slice(0, exifReach).arrayBuffer()));
  const swapped = orientation >= 5 && header.width !== header.height && picture.width === header.height;
  return swapped ? picture : oriented(picture, orientation);
}

function failPng(fault: PngFault, message: string, details: ErrorDetails, cause?: unknown): Error {
  if (fault === 'unsupported') return new OtherPng(message);
  return new InputError('picture-damaged', message, {
    remedy: 'Open it in another program and save it again, or choose another picture.',
    details,
    cause,
  });
}
