import type { Input } from 'mediabunny';
import { abortable } from '../base/index.ts';
import type { ByteSource } from '../formats/index.ts';

/** A file as a byte source. */
export function fileBytes(file: Blob): ByteSource {
  return {
    name: 'the file',
    size: file.size,
    read: async (offset, length) => new Uint8Array(await file.slice(offset, offset + length).arrayBuffer()),
  };
}

/** Brands of pictures in the ISO base media format, which videos share. */
const pictureBrand = /^(avi[fs]|hei[cfmsx]|hev[cmsx]|mif1|msf1)$/;

/** Whether a file is a video: in the ISO base media format (MP4, MOV) or Matroska (WebM). */
export async function isVideo(file: Blob): Promise<boolean> {
  const start = new Uint8Array(await file.slice(0, 12).arrayBuffer());
  if ([0x1a, 0x45, 0xdf, 0xa3].every((byte, i) => start[i] === byte)) return true;
  const words = String.fromCharCode(...start.subarray(4, 12));
  return words.startsWith('ftyp') && !pictureBrand.test(words.slice(4));
}

/** Opens a video; the library that reads it is loaded on first use. The caller disposes of it. */
export async function openVideo(file: Blob, signal: AbortSignal): Promise<Input> {
  const { BlobSource, Input, MATROSKA, MP4, QTFF, WEBM } = await abortable(import('mediabunny'), signal);
  return new Input({ source: new BlobSource(file), formats: [MP4, QTFF, WEBM, MATROSKA] });
}
