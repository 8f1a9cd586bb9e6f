import type { ProjectLocks } from './files.ts';

/**
 * Manages the project locks that this tab holds: the write lock of the open project, until another is opened; those of
 * deleted projects, until they are purged or restored, so that no other tab purges them; and for a project that is open
 * read-only its read lock, which prevents purging.
 */
export class ProjectLeases {
  readonly #locks: ProjectLocks;
  #open: { readonly id: string; readonly release: () => void } | null = null;
  readonly #deleted = new Map<string, () => void>();
  /** Releases the read lock of a project that is open read-only. */
  #endReading: (() => void) | null = null;

  constructor(locks: ProjectLocks) {
    this.#locks = locks;
  }

  /**
   * Opens a project: acquires its write lock, or its read lock if another tab has it open for writing. Releases the
   * locks of the project opened before, unless it is the same one and open for writing.
   *
   * @param timeout how long to wait for the write lock, in milliseconds
   * @returns whether the write lock is held
   */
  async open(id: string, timeout: number): Promise<boolean> {
    if (this.#open?.id === id) return true;
    this.#close();
    const release = this.#takeDeleted(id) ?? (await this.#locks.tryHold(id, timeout));
    if (release) this.#open = { id, release };
    else this.#endReading = await this.#locks.tryRead(id);
    return release !== null;
  }

  /** Keeps the write lock of a deleted project, acquiring it if it is free. Does nothing if another tab holds it. */
  async keepDeleted(id: string): Promise<void> {
    const release = this.#takeOpen(id) ?? (await this.#locks.tryHold(id, 0));
    if (release) this.#deleted.set(id, release);
  }

  /** Whether this tab holds the lock of a deleted project. */
  keepsDeleted(id: string): boolean {
    return this.#deleted.has(id);
  }

  /** Releases a project's write lock if this tab holds it. */
  release(id: string): void {
    this.#takeOpen(id)?.();
    this.#takeDeleted(id)?.();
  }

  releaseAll(): void {
    this.#close();
    for (const release of this.#deleted.values()) release();
    this.#deleted.clear();
  }

  /** Runs `work` under a project's write lock. Returns null, without running it, if another tab holds the lock. */
  async whileHeld<T>(id: string, work: () => Promise<T>): Promise<{ readonly value: T } | null> {
    if (this.#open?.id === id || this.#deleted.has(id)) return { value: await work() };
    const release = await this.#locks.tryHold(id, 0);
    if (!release) return null;
    try {
      return { value: await work() };
    } finally {
      release();
    }
  }

  /** Runs `work` under a project's write and purge locks; does nothing if another tab has it open or reads it. */
  async purge(id: string, work: () => Promise<void>): Promise<void> {
    await this.whileHeld(id, async () => {
      const release = await this.#locks.tryPurge(id);
      if (!release) return;
      try {
        await work();
      } finally {
        release();
      }
    });
  }

  #close(): void {
    this.#open?.release();
    this.#open = null;
    this.#endReading?.();
    this.#endReading = null;
  }

  #takeOpen(id: string): (() => void) | null {
    if (this.#open?.id !== id) return null;
    const { release } = this.#open;
    this.#open = null;
    return release;
  }

  #takeDeleted(id: string): (() => void) | null {
    const release = this.#deleted.get(id) ?? null;
    this.#deleted.delete(id);
    return release;
  }
}
