/** Something that holds memory until it is told to let go. */
interface Disposable {
  dispose(): void;
}

/** Owns what one operation allocates, so that every way out of it, an error or a stop included, frees all of it. */
export class Scope {
  readonly #owned: Disposable[] = [];

  own<T extends Disposable>(resource: T): T {
    this.#owned.push(resource);
    return resource;
  }

  /** Hands a resource over to the caller: from here on it is not this scope's to free. */
  release<T extends Disposable>(resource: T): T {
    const index = this.#owned.indexOf(resource);
    if (index >= 0) this.#owned.splice(index, 1);
    return resource;
  }

  dispose(): void {
    for (const resource of this.#owned.splice(0)) resource.dispose();
  }
}
