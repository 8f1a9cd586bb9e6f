/** A cache of bounded weight that drops what was not used for longest. */
export class LruCache<K, V> {
  readonly #limit: number;
  readonly #onDrop: (value: V) => void;
  /** In the order of use: a Map keeps the order in which its keys were put. */
  readonly #entries = new Map<K, { readonly value: V; readonly weight: number }>();
  #weight = 0;

  /**
   * @param limit the most that all values may weigh; the one used last stays even if it alone is heavier
   * @param onDrop is given every value that leaves the cache
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

  /** Takes a value out without dropping it: it belongs to the caller. */
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
