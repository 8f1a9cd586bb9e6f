import type { PictureSize, Placement } from '../formats/index.ts';
import type { ExportOptions, ExportShape } from './export-options.ts';

/** Maximum side of an exported frame, in pixels: the limit of common H.264 decoders, and of memory. */
export const longestSide = 4096;

const ratios: Record<Exclude<ExportShape, 'frame'>, number> = {
  square: 1,
  portrait: 9 / 16,
  landscape: 16 / 9,
};

/** Rounds to an even length, at least 2, as video requires; other formats do the same, for equal sizes. */
const even = (length: number) => Math.max(2, 2 * Math.round(length / 2));

/** Computes the frame size of a file, and the placement of a picture of `size` in it; sides are at most `longestSide`. */
export function placementOf(
  size: PictureSize,
  { scale, shape, fit }: Pick<ExportOptions, 'scale' | 'shape' | 'fit'>,
): Placement {
  const allowed = Math.min(scale, longestSide / Math.max(size.width, size.height));
  const width = even(size.width * allowed);
  const height = even(size.height * allowed);
  if (shape === 'frame') return { width, height, x: 0, y: 0, scaledWidth: width, scaledHeight: height };
  const ratio = ratios[shape];
  const wider = width / height > ratio;
  // Padding keeps the side that is too long for the ratio and extends the other one; cropping shortens the long side.
  const keepsWidth = wider === (fit === 'pad');
  const outer = keepsWidth ? { width, height: even(width / ratio) } : { width: even(height * ratio), height };
  const shrink = Math.min(1, longestSide / Math.max(outer.width, outer.height));
  const [outerWidth, outerHeight] = [even(outer.width * shrink), even(outer.height * shrink)];
  const scaledWidth = even(width * shrink);
  const scaledHeight = even(height * shrink);
  return {
    width: outerWidth,
    height: outerHeight,
    x: (outerWidth - scaledWidth) / 2,
    y: (outerHeight - scaledHeight) / 2,
    scaledWidth,
    scaledHeight,
  };
}

/** Computes the scale at which the file for a picture of `size` has the longer side `side`. */
export function scaleFor(
  size: PictureSize,
  side: number,
  { shape, fit }: Pick<ExportOptions, 'shape' | 'fit'>,
): number {
  const { width, height } = placementOf(size, { scale: 1, shape, fit });
  return side / Math.max(width, height);
}
