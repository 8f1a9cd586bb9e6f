import type { Picture } from '../../base/index.ts';
import { placedIn } from '../../formats/index.ts';
import type { PictureSize, Placement } from '../../formats/index.ts';
import { Resampler, onWhite } from '../resample.ts';
import type { Resampling } from '../resample.ts';

/** How pictures are placed, scaled, and fitted if they have other proportions than the frame was laid out for. */
export interface RenderOptions {
  readonly placement: Placement;
  readonly resampling: Resampling;
  readonly fit: 'pad' | 'crop';
}

interface SizedResampler {
  readonly size: PictureSize;
  readonly scale: Resampler;
}

/** Renders pictures to output frames: scaled, centred on black, cropped, with transparency on white. */
export class Renderer {
  readonly #options: RenderOptions;
  /** Of the last two sizes of pictures: cross-fades use two in turn. */
  #resamplers: readonly SizedResampler[] = [];

  constructor(options: RenderOptions) {
    this.#options = options;
  }

  /** True if a picture of this size needs no scaling or padding. */
  isWhole({ width, height }: PictureSize): boolean {
    const { placement } = this.#options;
    const { x, y, scaledWidth, scaledHeight } = placement;
    const isPlaced = x === 0 && y === 0 && scaledWidth === width && scaledHeight === height;
    return isPlaced && placement.width === width && placement.height === height;
  }

  /** Renders a frame. May return the picture itself if nothing changes. */
  render(picture: Picture): Picture {
    if (this.isWhole(picture)) return onWhite(picture);
    const { placement, fit } = this.#options;
    const { width, height, x, y, scaledWidth, scaledHeight } = placedIn(placement, picture, fit);
    const left = Math.max(0, Math.ceil(x));
    const top = Math.max(0, Math.ceil(y));
    const columns = Math.min(width, Math.floor(x) + scaledWidth) - left;
    const rows = Math.min(height, Math.floor(y) + scaledHeight) - top;
    let resampler = this.#resamplers.find(
      ({ size }) => size.width === picture.width && size.height === picture.height,
    );
    if (!resampler) {
      const [across, down] = [picture.width / scaledWidth, picture.height / scaledHeight];
      const part = {
        x: (left - x) * across,
        y: (top - y) * down,
        width: columns * across,
        height: rows * down,
      };
      const size = { width: picture.width, height: picture.height };
      resampler = { size, scale: new Resampler(size, part, columns, rows, this.#options.resampling) };
      this.#resamplers = [...this.#resamplers.slice(-1), resampler];
    }
    const scaled = resampler.scale.apply(picture);
    if (columns === width && rows === height) return scaled;
    const data = new Uint8ClampedArray(4 * width * height);
    new Uint32Array(data.buffer).fill(0xff000000);
    for (let row = 0; row < rows; row++) {
      const from = 4 * row * columns;
      data.set(scaled.data.subarray(from, from + 4 * columns), 4 * ((top + row) * width + left));
    }
    return { width, height, data };
  }
}

/** Cross-fade of two frames of the same size: `mix` of the second, 0 … 1. */
export function blended(first: Picture, second: Picture, mix: number): Picture {
  const { width, height } = first;
  const data = new Uint8ClampedArray(first.data.length);
  for (let i = 0; i < data.length; i++) {
    data[i] = (1 - mix) * (first.data[i] ?? 0) + mix * (second.data[i] ?? 0);
  }
  return { width, height, data };
}
