import type { ExportField, ExportFormat } from '../../project/index.ts';
import { gifRate } from '../../project/index.ts';
import { bytes } from '../shared/words.ts';

/** Name and one-line description of each export format. */
export const formatWords: Readonly<Record<ExportFormat, { readonly name: string; readonly help: string }>> = {
  gif: { name: 'GIF', help: 'Plays everywhere, with 256 colours.' },
  mp4: { name: 'MP4', help: 'H.264 video: small, full colour, plays everywhere.' },
  webm: { name: 'WebM', help: 'VP9 or AV1 video, for the web.' },
  webp: { name: 'WebP', help: 'An animated picture in full colour, for web pages and stickers.' },
  apng: { name: 'APNG', help: 'An animated picture without any loss, and long.' },
  zip: { name: 'ZIP', help: 'Each frame as a PNG, for other programs. Times and loops do not apply.' },
  drift: { name: 'Drift project', help: 'Everything, to continue in Drift. No other option applies.' },
};

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
export function short(value: number): string {
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
      ? `GIF counts hundredths of a second: frames last ${delays.join(' or ')} of them in turn, ${short(written)} a second on average.`
      : `GIF counts hundredths of a second, and browsers slow down frames of less than two: ${short(written)} a second are written instead of ${short(frameRate)}.`;
  return { text, nearest };
}
