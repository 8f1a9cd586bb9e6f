import type { LedgerPiece } from './ledger.ts';
import type { Piece, PlannedFile, ReadPiece, SpanPiece } from './pieces.ts';

/** Maximum chunks per request; more would gain little (measured: 227 MB/s with 1 chunk, 403 with 4). */
const longest = 8;

/** A missing chunk and its journal entry. */
export interface Missing<P extends Piece = Piece> {
  readonly file: PlannedFile;
  readonly piece: P;
  readonly entry: LedgerPiece;
}

/** A coalesced range: consecutive missing chunks fetched by one request; or one chunk made by other means. */
export type Stretch = readonly Missing<SpanPiece>[] | Missing<ReadPiece>;

/**
 * Coalesces adjacent missing chunks into ranges. Ranges become shorter toward the end, down to one chunk, so that all
 * workers finish together. For a file on a server without ranges, all missing chunks form one range, with gaps.
 *
 * @param workers Number of ranges fetched concurrently.
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
    // Without server support for ranges, one request serves all chunks.
    const inOrder = file.from?.inOrder === true;
    const most = Math.min(longest, Math.max(1, Math.floor(left / (2 * workers))));
    const follows = inOrder || last?.piece.span.end === piece.span.begin;
    if (last?.file !== file || !follows || (open.length >= most && !inOrder)) close();
    open.push({ file, piece, entry });
  }
  close();
  return stretches;
}
