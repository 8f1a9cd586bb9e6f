import { withPngChunks, zipStream } from '../../formats/index.ts';
import type { ZipFile } from '../../formats/index.ts';
import { noteChunks } from './png-note.ts';
import type { Encode } from './types.ts';

/** ZIP encoder: frames as PNG files with sortable names, and the project's description. */
export const encodeFramesZip: Encode = async (feed, sink, { note, document }, { signal, onProgress }) => {
  const { count } = feed;
  const chunks = noteChunks(note);
  async function* files(): AsyncGenerator<ZipFile> {
    if (document !== null) {
      yield { name: 'project.json', data: new TextEncoder().encode(document), compress: true };
    }
    for (let i = 0; i < count; i++) {
      const png = await feed.png(i);
      yield { name: `frames/${String(i + 1).padStart(7, '0')}.png`, data: withPngChunks(png, chunks) };
      onProgress({ done: i + 1, of: count });
    }
  }
  let position = 0;
  for await (const bytes of zipStream(files(), signal)) {
    await sink.write(bytes, position);
    position += bytes.length;
  }
  return 'drift';
};
