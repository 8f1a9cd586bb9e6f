import { Zip, ZipPassThrough } from 'fflate';
import type { Picture } from '../base/index.ts';
import type { EncodeControl, MediaFile } from './animation.ts';
import { encodePng } from './png.ts';

/** The same frames give the same archive, whenever it is written; ZIP counts years from 1980. */
const MODIFIED = new Date(1980, 0, 1);

/**
 * Writes frames as PNGs, `frames/0000000.png` and on, in a ZIP archive; they are the frames exactly, and may be of
 * different sizes.
 *
 * @throws MediaError `png-failed`; the signal's reason when it is aborted.
 */
export async function encodeZip(
  frames: readonly Picture[],
  { signal, onProgress }: EncodeControl,
): Promise<MediaFile> {
  const chunks: Uint8Array[] = [];
  const zip = new Zip((error, chunk) => {
    if (error) throw error;
    chunks.push(chunk);
  });
  for (const [i, frame] of frames.entries()) {
    signal.throwIfAborted();
    // A PNG is compressed already.
    const entry = new ZipPassThrough(`frames/${String(i).padStart(7, '0')}.png`);
    entry.mtime = MODIFIED;
    zip.add(entry);
    entry.push(new Uint8Array(await (await encodePng(frame)).arrayBuffer()), true);
    onProgress({ done: i + 1, of: frames.length });
  }
  signal.throwIfAborted();
  zip.end();
  const bytes = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return { bytes, type: 'application/zip', encoder: 'fflate' };
}
