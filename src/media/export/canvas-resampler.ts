import type { Picture } from '../../base/index.ts';
import type { PictureSize } from '../../formats/index.ts';
import { canvasIsExact } from '../canvas-probe.ts';
import { onWhite } from '../resample.ts';
import type { Rectangle } from '../resample.ts';

type Context = OffscreenCanvasRenderingContext2D;

/**
 * Resampler of equally sized pictures that uses the browser's own smoothing at its highest quality: cubic in Chromium
 * where pictures are enlarged. Create it with `canvasResampler`.
 */
class CanvasResampler {
  readonly #from: Context;
  readonly #to: Context;
  readonly #whole: Rectangle;

  constructor(from: Context, to: Context, whole: Rectangle) {
    this.#from = from;
    this.#to = to;
    this.#whole = whole;
  }

  apply(picture: Picture): Picture {
    const { width, height, data } = onWhite(picture);
    const { x, y, width: across, height: down } = this.#whole;
    this.#from.putImageData(new ImageData(data, width, height), 0, 0);
    this.#to.imageSmoothingQuality = 'high';
    this.#to.drawImage(this.#from.canvas, x, y, across, down);
    const { canvas } = this.#to;
    return this.#to.getImageData(0, 0, canvas.width, canvas.height);
  }
}

/**
 * Creates a resampler to frames of `target`; null if this browser has no canvas, or one that returns altered pixels.
 *
 * @param whole Where the whole picture comes to lie, in pixels of the target; what lies outside is cut off.
 */
export function canvasResampler(
  size: PictureSize,
  whole: Rectangle,
  target: PictureSize,
): CanvasResampler | null {
  if (!('OffscreenCanvas' in globalThis) || !canvasIsExact()) return null;
  const contextOf = ({ width, height }: PictureSize) =>
    new OffscreenCanvas(width, height).getContext('2d', { alpha: false, willReadFrequently: true });
  const [from, to] = [contextOf(size), contextOf(target)];
  return from && to && new CanvasResampler(from, to, whole);
}
