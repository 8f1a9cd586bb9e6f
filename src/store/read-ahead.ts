/** Reads that are in flight at once: enough to keep a worker busy, few enough that what is passed over is not read. */
const readsAtOnce = 4;

/**
 * Bounded prefetcher: reads the positions that were asked for last, in their order, a few at a time. Positions that
 * are not among them any more when their turn comes are never read, so a slow disk delays playback by the reads in
 * flight and no more.
 *
 * @param read - reads one position; it reports its own failures
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
    /** Replaces the positions that are to be read. */
    want(positions: readonly number[]): void {
      wanted = positions;
      fill();
    },
  };
}
