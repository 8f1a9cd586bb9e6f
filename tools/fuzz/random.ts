/** Seeded random number generator. */
export interface Random {
  /** Uniform integer from 0 to below `limit`. */
  below(limit: number): number;
  /**
   * Random item of a list.
   *
   * @throws RangeError if the list is empty
   */
  pick<T>(items: readonly T[]): T;
  bytes(length: number): Uint8Array<ArrayBuffer>;
}

/** The generator mulberry32 (Tommy Ettinger, 2017, public domain): 32 bits of state suffice to choose mutations. */
export function seeded(seed: number): Random {
  let state = seed | 0;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  const below = (limit: number) => Math.floor((next() / 2 ** 32) * limit);
  return {
    below,
    pick: (items) => {
      const item = items[below(items.length)];
      if (item === undefined) throw new RangeError('nothing to pick from');
      return item;
    },
    bytes: (length) => Uint8Array.from({ length }, () => below(256)),
  };
}
