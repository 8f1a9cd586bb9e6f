import type { PictureSize } from '../formats/index.ts';
import type { ExportOptions } from './export-options.ts';
import { scaleFor } from './output-size.ts';

/** A named set of export options for one purpose. */
export interface ExportPreset {
  readonly name: string;
  readonly help: string;
  /** Returns `options` with those of the preset, for frames of `size`. */
  readonly apply: (options: ExportOptions, size: PictureSize) => ExportOptions;
}

const free = { limit: null, fixedSize: false } as const;
const square = { shape: 'square', fit: 'pad' } as const;

export const exportPresets: readonly ExportPreset[] = [
  {
    name: 'Chat (under 8 MB)',
    help: 'A GIF, made smaller until it fits.',
    apply: (options) => ({
      ...options,
      ...free,
      format: options.format === 'mp4' || options.format === 'webp' ? options.format : 'gif',
      limit: 8_000_000,
    }),
  },
  {
    name: 'Sticker 512×512',
    help: 'A square WebP under 500 kB, as messengers ask for.',
    apply: (options, size) => ({
      ...options,
      ...square,
      format: 'webp',
      scale: scaleFor(size, 512, square),
      limit: 500_000,
      fixedSize: true,
    }),
  },
  {
    name: 'Social square 1080',
    help: 'An MP4 of 1080 × 1080 pixels.',
    apply: (options, size) => ({
      ...options,
      ...free,
      ...square,
      format: 'mp4',
      scale: scaleFor(size, 1080, square),
    }),
  },
  {
    name: 'Lossless',
    help: 'An APNG of the frames exactly as they were made.',
    apply: (options) => ({ ...options, ...free, format: 'apng', scale: 1, shape: 'frame', inBetweens: 0 }),
  },
];
