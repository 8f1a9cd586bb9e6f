/** Maximum number of concurrent reads: enough to keep a worker busy, few enough to skip most unneeded positions. */
const readsAtOnce = 4;

/** Maximum size of the pictures that are read ahead, in bytes: a third of the cache of decoded pictures. */
export const readAheadBytes = 32 * 2 ** 20;

/** Number of pictures that are read ahead however large they are, so that one is read while another is shown. */
const leastAhead = 2;

/**
 * Creates a prefetcher, bounded in bytes: it reads the positions requested last, in order, a few at a time. Positions
 * that are no longer requested when their turn comes are skipped, so a slow disk delays playback only by the reads in
 * flight.
 *
 * @param read reads one position; its failures are ignored
 * @param bytesOf size of the picture at a position, decoded
 */
export function createReadAhead(
  read: (position: number) => Promise<unknown>,
  bytesOf: (position: number) => number,
) {
  let wanted: readonly number[] = [];
  /** Positions being read, and their sizes. */
  const inFlight = new Map<number, number>();

  const fits = (count: number, bytes: number) => count <= leastAhead || bytes <= readAheadBytes;

  function fill() {
    for (const position of wanted) {
      if (inFlight.size >= readsAtOnce) return;
      if (inFlight.has(position)) continue;
      const bytes = bytesOf(position);
      // Reads of positions that are no longer requested count too.
      const total = [...inFlight.values()].reduce((sum, each) => sum + each, bytes);
      if (!fits(inFlight.size + 1, total)) return;
      inFlight.set(position, bytes);
      const settle = () => {
        inFlight.delete(position);
        wanted = wanted.filter((other) => other !== position);
        fill();
      };
      read(position).then(settle, settle);
    }
  }

  return {
    /** Replaces the requested positions; those beyond `readAheadBytes` are left out. */
    want(positions: readonly number[]): void {
      let bytes = 0;
      const end = positions.findIndex((position, index) => !fits(index + 1, (bytes += bytesOf(position))));
      wanted = end < 0 ? positions : positions.slice(0, end);
      fill();
    },
  };
}
