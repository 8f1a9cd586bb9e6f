/**
 * An immutable list whose versions share their storage: appending is O(1) and leaves the list before as it was. Only a
 * list that something was appended to already is copied when something else is appended.
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

  /** The item at a place; one below zero counts from the end. */
  at(index: number): T | undefined {
    const place = index < 0 ? this.length + index : index;
    return place < this.length ? this.#items[place] : undefined;
  }

  /** A part of the list, as `Array.slice`. */
  slice(start = 0, end = this.length): T[] {
    const place = (index: number) =>
      Math.min(this.length, index < 0 ? Math.max(0, this.length + index) : index);
    return this.#items.slice(place(start), place(end));
  }

  map<U>(change: (item: T, index: number) => U): U[] {
    return this.slice().map(change);
  }

  /** Whether this list is an earlier one with more at its end, known without comparing them. */
  extends(earlier: AppendList<T>): boolean {
    return earlier.#items === this.#items && earlier.length <= this.length;
  }

  *[Symbol.iterator](): Generator<T, void, undefined> {
    for (let place = 0; place < this.length; place++) {
      const item = this.#items[place];
      if (item !== undefined) yield item;
    }
  }
}
