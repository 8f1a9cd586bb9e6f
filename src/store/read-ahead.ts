/** Maximum number of concurrent reads: enough to keep a worker busy, few enough to skip most unneeded positions. */
const readsAtOnce = 4;

/**
 * Creates a bounded prefetcher: it reads the positions requested last, in order, a few at a time. Positions that are no
 * longer requested when their turn comes are skipped, so a slow disk delays playback only by the reads in flight.
 *
 * @param read reads one position; its failures are ignored
 */
export function createReadAhead(read: (position: number) => Promise<unknown>) {
  let wanted: readonly number[] = [];
  const inFlight = new Set<number>();

  function fill() {
    for (const position of wanted) {
      if (inFlight.size >= readsAtOnce) return;
      if (inFlight.has(position)) continue;
      inFlight.add(position);
      const settle = () => {
        inFlight.delete(position);
        wanted = wanted.filter((other) => other !== position);
        fill();
      };
      read(position).then(settle, settle);
    }
  }

  return {
    /** Replaces the requested positions. */
    want(positions: readonly number[]): void {
      wanted = positions;
      fill();
    },
  };
}
