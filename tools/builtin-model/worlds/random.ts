/**
 * Seeded random number generator (sfc32, seeded by a hash of text). Named forks are independent, so that a new choice
 * in one part of a scene does not change the rest.
 */
export class Random {
  readonly #seed: string;
  #a: number;
  #b: number;
  #c: number;
  #count = 1;

  constructor(seed: string) {
    this.#seed = seed;
    [this.#a, this.#b, this.#c] = hash(seed);
    for (let i = 0; i < 12; i++) this.next();
  }

  /** Next number, 0 ≤ x < 1. */
  next(): number {
    const sum = (this.#a + this.#b + this.#count) | 0;
    this.#count = (this.#count + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  }

  /** Uniform number in [low, high). */
  range(low: number, high: number): number {
    return low + (high - low) * this.next();
  }

  /** Uniform integer from `low` to `high`, inclusive. */
  int(low: number, high: number): number {
    return Math.floor(this.range(low, high + 1));
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** 1 or -1. */
  sign(): number {
    return this.next() < 0.5 ? -1 : 1;
  }

  pick<T>(choices: readonly [T, ...T[]]): T {
    return choices[this.int(0, choices.length - 1)] ?? choices[0];
  }

  /** Random choice by weights. */
  weighted<T>(choices: readonly (readonly [choice: T, weight: number])[]): T {
    let rest = this.next() * choices.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [choice, weight] of choices) {
      rest -= weight;
      if (rest < 0) return choice;
    }
    const last = choices.at(-1);
    if (!last) throw new RangeError('there is nothing to choose from');
    return last[0];
  }

  shuffled<T>(items: readonly T[]): T[] {
    const result = [...items];
    for (let i = result.length - 1; i > 0; i--) {
      const j = this.int(0, i);
      const [a, b] = [result[i], result[j]];
      if (a !== undefined && b !== undefined) [result[i], result[j]] = [b, a];
    }
    return result;
  }

  /** Independent generator for one part of the scene. */
  fork(name: string): Random {
    return new Random(`${this.#seed}/${name}`);
  }
}

/** Three 32-bit hashes of a text (FNV-1a with different offsets, then a finaliser). */
function hash(text: string): [number, number, number] {
  const mixed = (offset: number) => {
    let h = offset | 0;
    for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    return h ^ (h >>> 16);
  };
  return [mixed(0x811c9dc5), mixed(0x2f0b4c47), mixed(0x5bd1e995)];
}
