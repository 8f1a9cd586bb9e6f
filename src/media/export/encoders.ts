import { encodeApng } from './apng.ts';
import { encodeFramesZip } from './frames-zip.ts';
import { encodeGif } from './gif.ts';
import type { Encode } from './types.ts';
import { encodeMp4File, encodeWebm } from './video.ts';
import { encodeWebp } from './webp.ts';

export const encoders = {
  gif: encodeGif,
  mp4: encodeMp4File,
  webm: encodeWebm,
  webp: encodeWebp,
  apng: encodeApng,
  zip: encodeFramesZip,
} satisfies Record<string, Encode>;

export const mimeTypes: Record<keyof typeof encoders, string> = {
  gif: 'image/gif',
  mp4: 'video/mp4',
  webm: 'video/webm',
  webp: 'image/webp',
  apng: 'image/apng',
  zip: 'application/zip',
};
