/** LRU cache bounded by the total weight of its values. */
export class LruCache<K, V> {
  readonly #limit: number;
  readonly #onDrop: (value: V) => void;
  /** Least recently used first: a Map iterates in insertion order. */
  readonly #entries = new Map<K, { readonly value: V; readonly weight: number }>();
  #weight = 0;

  /**
   * @param limit Maximum total weight. The most recent value is kept even if it is heavier alone.
   * @param onDrop Called with every value that leaves the cache, except by `take`.
   */
  constructor(limit: number, onDrop: (value: V) => void = () => undefined) {
    this.#limit = limit;
    this.#onDrop = onDrop;
  }

  get weight(): number {
    return this.#weight;
  }

  get(key: K): V | undefined {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry.value;
  }

  set(key: K, value: V, weight: number): void {
    this.delete(key);
    this.#entries.set(key, { value, weight });
    this.#weight += weight;
    for (const oldest of this.#entries.keys()) {
      if (this.#weight <= this.#limit || oldest === key) break;
      this.delete(oldest);
    }
  }

  /** Removes a value without calling `onDrop`: the caller owns it now. */
  take(key: K): V | undefined {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    this.#entries.delete(key);
    this.#weight -= entry.weight;
    return entry.value;
  }

  delete(key: K): void {
    const value = this.take(key);
    if (value !== undefined) this.#onDrop(value);
  }

  clear(): void {
    for (const key of [...this.#entries.keys()]) this.delete(key);
  }
}
