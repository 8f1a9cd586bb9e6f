import type { JournalChunk } from './journal.ts';
import type { PlannedChunk, PlannedFile, UnrangedChunk, RangeChunk } from './chunks.ts';

/** Maximum chunks per request; more would gain little (measured: 227 MB/s with 1 chunk, 403 with 4). */
const longest = 8;

/** A missing chunk and its journal entry. */
export interface MissingChunk<P extends PlannedChunk = PlannedChunk> {
  readonly file: PlannedFile;
  readonly chunk: P;
  readonly entry: JournalChunk;
}

/** A coalesced range: consecutive missing chunks fetched by one request; or one chunk made by other means. */
export type CoalescedRange = readonly MissingChunk<RangeChunk>[] | MissingChunk<UnrangedChunk>;

/**
 * Coalesces adjacent missing chunks into ranges. Ranges become shorter toward the end, down to one chunk, so that all
 * workers finish together. For a file on a server without ranges, all missing chunks form one range, with gaps.
 *
 * @param workers Number of ranges fetched concurrently.
 */
export function coalesce(missing: readonly MissingChunk[], workers: number): CoalescedRange[] {
  const ranges: CoalescedRange[] = [];
  let open: MissingChunk<RangeChunk>[] = [];
  let left = missing.length;
  const close = () => {
    if (open.length > 0) ranges.push(open);
    left -= open.length;
    open = [];
  };
  for (const { file, chunk, entry } of missing) {
    if (chunk.span === null) {
      close();
      ranges.push({ file, chunk, entry });
      left--;
      continue;
    }
    const last = open.at(-1);
    // Without server support for ranges, one request serves all chunks.
    const inOrder = file.from?.inOrder === true;
    const most = Math.min(longest, Math.max(1, Math.floor(left / (2 * workers))));
    const follows = inOrder || last?.chunk.span.end === chunk.span.begin;
    if (last?.file !== file || !follows || (open.length >= most && !inOrder)) close();
    open.push({ file, chunk, entry });
  }
  close();
  return ranges;
}
