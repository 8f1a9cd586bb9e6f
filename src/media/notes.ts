import { abortable } from '../base/index.ts';
import { pictureTexts } from '../formats/index.ts';
import { isVideo, openVideo, fileBytes } from './containers.ts';

/**
 * Texts in the metadata of a picture, an animation or a video (MP4, MOV, WebM, Matroska), such as those that say how it
 * was made. Empty if there are none or the file cannot be read: metadata is never a reason to refuse a file.
 *
 * @throws the signal's reason if aborted
 */
export async function metadataTexts(file: Blob, signal: AbortSignal): Promise<string[]> {
  try {
    return (await isVideo(file))
      ? await videoComments(file, signal)
      : await pictureTexts(fileBytes(file), signal);
  } catch {
    signal.throwIfAborted();
    return [];
  }
}

async function videoComments(file: Blob, signal: AbortSignal): Promise<string[]> {
  const input = await openVideo(file, signal);
  try {
    const { comment } = await abortable(input.getMetadataTags(), signal);
    return comment === undefined ? [] : [comment];
  } finally {
    input.dispose();
  }
}
