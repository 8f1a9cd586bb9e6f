import type { RemoteFile } from '../http.ts';
import { fingerprint } from './chunks.ts';
import type { PlannedChunk, PlannedFile } from './chunks.ts';

/** Plans a file that is stored unchanged. */
export async function plainFile(
  name: string,
  part: string,
  file: RemoteFile,
  chunkLength: number,
): Promise<PlannedFile> {
  const chunks: PlannedChunk[] = [];
  for (let at = 0; at < file.size; at += chunkLength) {
    const length = Math.min(chunkLength, file.size - at);
    chunks.push({
      at,
      length,
      download: length,
      span: { begin: at, end: at + length },
      make: (bytes: Uint8Array<ArrayBuffer>) => Promise.resolve(bytes),
    });
  }
  return {
    name,
    part,
    from: file,
    layout: await fingerprint(['as it is', file.size, chunkLength]),
    size: file.size,
    chunks,
  };
}

/** Plans a file that Drift writes itself. */
export async function textFile(name: string, part: string, text: string): Promise<PlannedFile> {
  const bytes = new TextEncoder().encode(text);
  const chunk: PlannedChunk = {
    at: 0,
    length: bytes.length,
    download: 0,
    span: null,
    large: false,
    make: () => Promise.resolve(bytes),
  };
  return { name, part, from: null, layout: await fingerprint(text), size: bytes.length, chunks: [chunk] };
}
