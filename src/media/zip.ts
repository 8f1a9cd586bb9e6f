import { writeOutput, writeZip } from '../formats/index.ts';
import type { ZipFile } from '../formats/index.ts';
import type { EncodeControl, FrameSource, MediaFile } from './animation.ts';

/**
 * Writes frames to a ZIP archive as PNG files, `frames/0000000.png` and so on, losslessly; sizes may differ.
 *
 * @throws what `source` throws; the signal's reason if aborted
 */
export async function encodeZip(
  source: FrameSource,
  { signal, onProgress, createOutput }: EncodeControl,
): Promise<MediaFile> {
  const of = source.sizes.length;
  async function* files(): AsyncGenerator<ZipFile> {
    for (let i = 0; i < of; i++) {
      yield { name: `frames/${String(i).padStart(7, '0')}.png`, data: await source.png(i) };
      onProgress({ done: i + 1, of });
    }
  }
  const file = await writeOutput(createOutput, 'application/zip', (output) =>
    writeZip(files(), output, signal),
  );
  return { file, encoder: 'drift' };
}
