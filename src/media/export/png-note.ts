import { pngText } from '../../formats/index.ts';
import { program } from './note.ts';

/** Texts that say how a PNG was made, as chunks; none for null. */
export function noteChunks(note: string | null): Uint8Array<ArrayBuffer>[] {
  return note === null ? [] : [pngText('Software', program), pngText('Comment', note)];
}
