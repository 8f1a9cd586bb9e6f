/** A resource with explicit release. */
interface Disposable {
  dispose(): void;
}

/** Owns the resources of one operation and frees them on every exit path (like `DisposableStack`). */
export class Scope {
  readonly #owned: Disposable[] = [];

  own<T extends Disposable>(resource: T): T {
    this.#owned.push(resource);
    return resource;
  }

  /** Transfers ownership of a resource to the caller. */
  release<T extends Disposable>(resource: T): T {
    const index = this.#owned.indexOf(resource);
    if (index >= 0) this.#owned.splice(index, 1);
    return resource;
  }

  dispose(): void {
    for (const resource of this.#owned.splice(0)) resource.dispose();
  }
}
