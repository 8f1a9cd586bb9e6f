import type { PictureSize, Placement } from '../formats/index.ts';
import type { ExportOptions, ExportShape } from './export-options.ts';

/** The longest side of a file's frames, in pixels: what H.264 decoders take, and what memory holds. */
export const longestSide = 4096;

const ratios: Record<Exclude<ExportShape, 'frame'>, number> = {
  square: 1,
  portrait: 9 / 16,
  landscape: 16 / 9,
};

/** Video needs even sides, and all formats are to have the same ones. */
const even = (length: number) => Math.max(2, 2 * Math.round(length / 2));

/** The file's sides, and where a picture of `size` stands in them. */
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
  // Padded, the longer side in proportion stays and the other grows; cropped, the shorter one stays.
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

/** The scale at which a picture of `size` gives a file whose longer side is `side`. */
export function scaleFor(
  size: PictureSize,
  side: number,
  { shape, fit }: Pick<ExportOptions, 'shape' | 'fit'>,
): number {
  const { width, height } = placementOf(size, { scale: 1, shape, fit });
  return side / Math.max(width, height);
}
