import type { Picture } from '../base/index.ts';
import { encodePng, zipBlob } from '../formats/index.ts';
import type { ZipFile } from '../formats/index.ts';
import type { EncodeControl, MediaFile } from './animation.ts';

/**
 * Writes frames as PNGs, `frames/0000000.png` and on, in a ZIP archive; they are the frames exactly, and may be of
 * different sizes.
 *
 * @throws the signal's reason when it is aborted.
 */
export async function encodeZip(
  frames: readonly Picture[],
  { signal, onProgress }: EncodeControl,
): Promise<MediaFile> {
  async function* files(): AsyncGenerator<ZipFile> {
    for (const [i, frame] of frames.entries()) {
      yield { name: `frames/${String(i).padStart(7, '0')}.png`, data: encodePng(frame) };
      onProgress({ done: i + 1, of: frames.length });
      // Encoding blocks the worker: let it hear that it is to stop.
      await new Promise((resolve) => setTimeout(resolve));
    }
  }
  const archive = await zipBlob(files(), signal);
  return { bytes: new Uint8Array(await archive.arrayBuffer()), type: archive.type, encoder: 'drift' };
}
