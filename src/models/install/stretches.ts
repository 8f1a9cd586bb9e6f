import type { LedgerPiece } from './ledger.ts';
import type { Piece, PlannedFile, ReadPiece, SpanPiece } from './pieces.ts';

/** A stretch is fetched by one request; longer ones would gain little more (measured: 227 MB/s at 1 piece, 403 at 4). */
const longest = 8;

/** A piece that is missing, and where that is noted. */
export interface Missing<P extends Piece = Piece> {
  readonly file: PlannedFile;
  readonly piece: P;
  readonly entry: LedgerPiece;
}

/** Missing pieces that one worker makes one after the other: of bytes that follow in a file, or one by itself. */
export type Stretch = readonly Missing<SpanPiece>[] | Missing<ReadPiece>;

/**
 * Puts missing pieces together that lie together. Toward the end the stretches become shorter, down to one piece, so
 * that nobody works alone on a long one when all others are done. Of a file that comes only in order, all missing pieces
 * are one stretch, with gaps.
 *
 * @param workers - how many stretches are made at once
 */
export function stretchesOf(missing: readonly Missing[], workers: number): Stretch[] {
  const stretches: Stretch[] = [];
  let open: Missing<SpanPiece>[] = [];
  let left = missing.length;
  const close = () => {
    if (open.length > 0) stretches.push(open);
    left -= open.length;
    open = [];
  };
  for (const { file, piece, entry } of missing) {
    if (piece.span === null) {
      close();
      stretches.push({ file, piece, entry });
      left--;
      continue;
    }
    const last = open.at(-1);
    // Of a file that comes from its beginning on, everything comes by one request.
    const inOrder = file.from?.inOrder === true;
    const most = Math.min(longest, Math.max(1, Math.floor(left / (2 * workers))));
    const follows = inOrder || last?.piece.span.end === piece.span.begin;
    if (last?.file !== file || !follows || (open.length >= most && !inOrder)) close();
    open.push({ file, piece, entry });
  }
  close();
  return stretches;
}
