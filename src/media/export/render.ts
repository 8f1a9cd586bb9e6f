import type { Picture } from '../../base/index.ts';
import { placementIn } from '../../formats/index.ts';
import type { PictureSize, Placement } from '../../formats/index.ts';
import { canvasResampler } from './canvas-resampler.ts';
import { Resampler, onWhite } from '../resample.ts';
import type { Rectangle, Resampling } from '../resample.ts';

/** How pictures are placed, scaled, and fitted if they have other proportions than the frame was laid out for. */
export interface RenderOptions {
  readonly placement: Placement;
  /** `browser`: the smoothing of its canvas; Lanczos where there is none. */
  readonly resampling: Resampling | 'browser';
  readonly fit: 'pad' | 'crop';
}

interface SizedResampler {
  readonly size: PictureSize;
  readonly scale: { apply(picture: Picture): Picture };
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
    const { width, height, x, y, scaledWidth, scaledHeight } = placementIn(placement, picture, fit);
    const left = Math.max(0, Math.ceil(x));
    const top = Math.max(0, Math.ceil(y));
    const columns = Math.min(width, Math.floor(x) + scaledWidth) - left;
    const rows = Math.min(height, Math.floor(y) + scaledHeight) - top;
    let resampler = this.#resamplers.find(
      ({ size }) => size.width === picture.width && size.height === picture.height,
    );
    if (!resampler) {
      const size = { width: picture.width, height: picture.height };
      const whole = { x: x - left, y: y - top, width: scaledWidth, height: scaledHeight };
      resampler = { size, scale: this.#resamplerOf(size, whole, { width: columns, height: rows }) };
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

  /** Creates what scales pictures of `size` so that the whole of them lies at `whole` of the target. */
  #resamplerOf(size: PictureSize, whole: Rectangle, { width, height }: PictureSize): SizedResampler['scale'] {
    const { resampling } = this.#options;
    const byCanvas = resampling === 'browser' ? canvasResampler(size, whole, { width, height }) : null;
    if (byCanvas) return byCanvas;
    const [across, down] = [size.width / whole.width, size.height / whole.height];
    const part = {
      x: -whole.x * across,
      y: -whole.y * down,
      width: width * across,
      height: height * down,
    };
    return new Resampler(size, part, width, height, resampling === 'browser' ? 'lanczos' : resampling);
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
