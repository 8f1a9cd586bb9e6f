import { abortable } from '../../base/index.ts';
import type { PictureSize } from '../../formats/index.ts';
import { canEncode } from '../webcodecs.ts';
import type { EncodeOptions } from './types.ts';
import { canEncodeWebp } from './webp.ts';

/** What writing a file takes in this browser. */
export interface EncoderNeeds {
  /** Whether the browser can encode AV1 of this size and frame rate; false for other formats than WebM. */
  readonly hasAv1: boolean;
  /** Bytes of programs that have to be fetched first; 0 if the browser's own encoder writes the file. */
  readonly download: number;
}

/** Finds what a file of a format takes: ffmpeg is needed where the browser has no encoder, or for x264. */
export async function encoderNeeds(
  format: string,
  { frameRate, videoEncoder, webmCodec }: Pick<EncodeOptions, 'frameRate' | 'videoEncoder' | 'webmCodec'>,
  { width, height }: PictureSize,
  signal: AbortSignal,
): Promise<EncoderNeeds> {
  const can = (codec: 'avc' | 'vp9' | 'av1') =>
    abortable(canEncode({ width, height, frameRate }, { codec, quality: 1 }), signal);
  const hasAv1 = format === 'webm' && (await can('av1'));
  let isNative = true;
  if (format === 'mp4') isNative = videoEncoder === 'browser' && (await can('avc'));
  if (format === 'webm') isNative = (hasAv1 && webmCodec === 'av1') || (await can('vp9'));
  if (format === 'webp') isNative = await abortable(canEncodeWebp(), signal);
  if (isNative) return { hasAv1, download: 0 };
  const { ffmpegDownload } = await abortable(import('../ffmpeg.ts'), signal);
  return { hasAv1, download: await abortable(ffmpegDownload(), signal) };
}
