import type { ExportField, ExportFormat, ExportOptions } from '../../project/index.ts';
import { gifRate } from '../../project/index.ts';
import { bytes } from '../shared/words.ts';

/** A choice of the group “Format”. GIF has two: with error diffusion it is the best. */
export interface FormatChoice {
  readonly format: ExportFormat;
  readonly name: string;
  /** One line. */
  readonly help: string;
  readonly isBestGif?: boolean;
}

/** In the order of the dialog. */
export const formatChoices: readonly FormatChoice[] = [
  { format: 'gif', name: 'GIF', help: 'Plays everywhere, with 256 colours.' },
  {
    format: 'gif',
    name: 'GIF, best',
    help: 'Its 256 colours are mixed to come closest to the frames. A larger file.',
    isBestGif: true,
  },
  { format: 'mp4', name: 'MP4', help: 'H.264 video: small, full colour, plays everywhere.' },
  { format: 'webm', name: 'WebM', help: 'VP9 or AV1 video, for the web.' },
  {
    format: 'webp',
    name: 'WebP',
    help: 'An animated picture in full colour, for web pages and stickers.',
  },
  { format: 'apng', name: 'APNG', help: 'An animated picture without any loss, and long.' },
  {
    format: 'zip',
    name: 'ZIP',
    help: 'Each frame as a PNG, for other programs. Times and loops do not apply.',
  },
  {
    format: 'drift',
    name: 'Drift project',
    help: 'Everything, to continue in Drift. No other option applies.',
  },
];

type Chosen = Pick<ExportOptions, 'format' | 'dither'>;

/** Whether export options are those of a choice. */
export function isChosen({ format, isBestGif = false }: FormatChoice, options: Chosen): boolean {
  return options.format === format && isBestGif === (format === 'gif' && options.dither === 'diffusion');
}

/** The options of a choice. Dithering changes only if it has to. */
export function chosenOptions({ format, isBestGif = false }: FormatChoice, { dither }: Chosen): Chosen {
  const fits = format !== 'gif' || isBestGif === (dither === 'diffusion');
  return { format, dither: fits ? dither : isBestGif ? 'diffusion' : 'ordered' };
}

/** Labels and one-line help of the number fields. */
export const exportFieldWords: Readonly<
  Record<ExportField, { readonly label: string; readonly help: string }>
> = {
  frameRate: { label: 'Frame rate', help: 'Frames per second.' },
  scale: { label: 'Scale', help: 'Times the size of the frames.' },
  holdFirst: { label: 'Hold first frame', help: 'Seconds that it is shown longer.' },
  holdLast: { label: 'Hold last frame', help: 'Seconds that it is shown longer.' },
  inBetweens: { label: 'In-betweens', help: 'Cross-faded frames between one and the next.' },
  plays: { label: 'Times to play', help: 'Then it stops at its last frame.' },
};

/** Says what is fetched before a file can be written, and how much. */
export function downloadWords(download: number): string {
  return `Saving downloads ffmpeg first (${bytes(download)}, once). Until then the size of the file is not known.`;
}

/** Formats a number with at most one decimal. */
export function shortNumber(value: number): string {
  return String(Math.round(value * 10) / 10);
}

/**
 * How a GIF represents a frame rate, and the nearest rates at which all frames have equal delays; null if this is one.
 */
export function gifRateWords(
  frameRate: number,
): { readonly text: string; readonly nearest: readonly number[] } | null {
  const { written, delays, nearest } = gifRate(frameRate);
  if (nearest.length === 0) return null;
  const text =
    written === frameRate
      ? `GIF counts hundredths of a second: frames last ${delays.join(' or ')} of them in turn, ${shortNumber(written)} a second on average.`
      : `GIF counts hundredths of a second, and browsers slow down frames of less than two: ${shortNumber(written)} a second are written instead of ${shortNumber(frameRate)}.`;
  return { text, nearest };
}
