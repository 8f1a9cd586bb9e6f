import type { RemoteFile } from '../http.ts';
import { fingerprint } from './pieces.ts';
import type { Piece, PlannedFile } from './pieces.ts';

/** Plans a file that is stored unchanged. */
export async function plainFile(
  name: string,
  part: string,
  file: RemoteFile,
  pieceLength: number,
): Promise<PlannedFile> {
  const pieces: Piece[] = [];
  for (let at = 0; at < file.size; at += pieceLength) {
    const length = Math.min(pieceLength, file.size - at);
    pieces.push({
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
    layout: await fingerprint(['as it is', file.size, pieceLength]),
    size: file.size,
    pieces,
  };
}

/** Plans a file that Drift writes itself. */
export async function textFile(name: string, part: string, text: string): Promise<PlannedFile> {
  const bytes = new TextEncoder().encode(text);
  const piece: Piece = {
    at: 0,
    length: bytes.length,
    download: 0,
    span: null,
    large: false,
    make: () => Promise.resolve(bytes),
  };
  return { name, part, from: null, layout: await fingerprint(text), size: bytes.length, pieces: [piece] };
}
