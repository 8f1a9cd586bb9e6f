import { MediaError } from '../base/index.ts';
import type { Picture } from '../base/index.ts';

/**
 * One frame as a PNG file, exactly. Runs in a worker: on the page, browsers put the compression off until the page
 * has nothing else to do.
 *
 * @throws MediaError `png-failed` when there is no memory for it.
 */
export async function encodePng({ width, height, data }: Picture): Promise<Blob> {
  const context = new OffscreenCanvas(width, height).getContext('2d', {
    alpha: false,
    willReadFrequently: true,
  });
  if (!context) {
    throw new MediaError('png-failed', 'Your browser has no memory left to write pictures.', {
      remedy: 'Close other tabs and try again.',
      details: { width, height },
    });
  }
  context.putImageData(new ImageData(data, width, height), 0, 0);
  return context.canvas.convertToBlob({ type: 'image/png' });
}
