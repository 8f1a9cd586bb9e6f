import { pngText } from '../../formats/index.ts';
import { programName } from './note.ts';

/** PNG text chunks with the metadata; none if `note` is null. */
export function noteChunks(note: string | null): Uint8Array<ArrayBuffer>[] {
  return note === null ? [] : [pngText('Software', programName), pngText('Comment', note)];
}
