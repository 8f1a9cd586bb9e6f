/**
 * Immutable list with O(1) append: versions share one array, and each sees a prefix of it. Appending a second item to
 * the same version copies it.
 */
export class AppendList<T> implements Iterable<T> {
  readonly #items: T[];
  readonly length: number;

  constructor(items: Iterable<T> = [], shared?: { readonly items: T[]; readonly length: number }) {
    this.#items = shared ? shared.items : [...items];
    this.length = shared ? shared.length : this.#items.length;
  }

  append(item: T): AppendList<T> {
    const items = this.#items.length === this.length ? this.#items : this.#items.slice(0, this.length);
    items.push(item);
    return new AppendList<T>([], { items, length: this.length + 1 });
  }

  /** The item at `index`; negative indices count from the end. */
  at(index: number): T | undefined {
    const position = index < 0 ? this.length + index : index;
    return position < this.length ? this.#items[position] : undefined;
  }

  /** Same as `Array.slice`. */
  slice(start = 0, end = this.length): T[] {
    const resolve = (index: number) =>
      Math.min(this.length, index < 0 ? Math.max(0, this.length + index) : index);
    return this.#items.slice(resolve(start), resolve(end));
  }

  map<U>(change: (item: T, index: number) => U): U[] {
    return this.slice().map(change);
  }

  /** True if this list was made by appending to `earlier`, decided in O(1) by the shared array. */
  extends(earlier: AppendList<T>): boolean {
    return earlier.#items === this.#items && earlier.length <= this.length;
  }

  *[Symbol.iterator](): Generator<T, void, undefined> {
    for (let index = 0; index < this.length; index++) {
      const item = this.#items[index];
      if (item !== undefined) yield item;
    }
  }
}
