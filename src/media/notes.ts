import { abortable } from '../base/index.ts';
import { pictureTexts } from '../formats/index.ts';

/**
 * Texts in the metadata of a picture, an animation or a video (MP4, MOV, WebM, Matroska), such as those that say how it
 * was made. Empty if there are none or the file cannot be read: metadata is never a reason to refuse a file.
 *
 * @throws the signal's reason if aborted
 */
export async function metadataTexts(file: Blob, signal: AbortSignal): Promise<string[]> {
  const source = {
    name: 'the file',
    size: file.size,
    read: async (offset: number, length: number) =>
      new Uint8Array(await file.slice(offset, offset + length).arrayBuffer()),
  };
  try {
    const start = await source.read(0, Math.min(12, file.size));
    return isVideo(start) ? await videoComments(file, signal) : await pictureTexts(source, signal);
  } catch {
    signal.throwIfAborted();
    return [];
  }
}

/** Whether a file is in the ISO base media format or Matroska. */
function isVideo(start: Uint8Array): boolean {
  const isIso = String.fromCharCode(...start.subarray(4, 8)) === 'ftyp';
  return isIso || [0x1a, 0x45, 0xdf, 0xa3].every((byte, i) => start[i] === byte);
}

async function videoComments(file: Blob, signal: AbortSignal): Promise<string[]> {
  const { BlobSource, Input, MATROSKA, MP4, QTFF, WEBM } = await abortable(import('mediabunny'), signal);
  const input = new Input({ source: new BlobSource(file), formats: [MP4, QTFF, WEBM, MATROSKA] });
  try {
    const { comment } = await abortable(input.getMetadataTags(), signal);
    return comment === undefined ? [] : [comment];
  } finally {
    input.dispose();
  }
}
