import type { ProjectLocks } from './files.ts';

/**
 * Which projects this tab may write to. One is open for writing at a time, and its lock is held until another is
 * opened; a deleted project is held besides, until its deletion is final or taken back, so that no other tab purges it.
 * A project that can only be looked at is held against purging as long as it is open.
 */
export class ProjectLeases {
  readonly #locks: ProjectLocks;
  #open: { readonly id: string; readonly release: () => void } | null = null;
  readonly #deleted = new Map<string, () => void>();
  /** Ends the reading of a project that another tab has open for writing. */
  #endReading: (() => void) | null = null;

  constructor(locks: ProjectLocks) {
    this.#locks = locks;
  }

  /**
   * Makes a project the one that is open for writing.
   *
   * @param patience how long to wait for its lock, in milliseconds
   * @returns false when another tab has it
   */
  async open(id: string, patience: number): Promise<boolean> {
    if (this.#open?.id === id) return true;
    this.#close();
    const release = this.#takeDeleted(id) ?? (await this.#locks.tryHold(id, patience));
    if (release) this.#open = { id, release };
    else this.#endReading = await this.#locks.tryRead(id);
    return release !== null;
  }

  /** Holds a project that was deleted. The lock must be this tab's, or free. */
  async keepDeleted(id: string): Promise<void> {
    const release = this.#takeOpen(id) ?? (await this.#locks.tryHold(id, 0));
    if (release) this.#deleted.set(id, release);
  }

  keepsDeleted(id: string): boolean {
    return this.#deleted.has(id);
  }

  /** Gives a project's lock back, if it is held here. */
  release(id: string): void {
    this.#takeOpen(id)?.();
    this.#takeDeleted(id)?.();
  }

  releaseAll(): void {
    this.#close();
    for (const release of this.#deleted.values()) release();
    this.#deleted.clear();
  }

  /** Does something with a project that no other tab has open. Returns null when one has. */
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

  /** Purges a project that no other tab has open and nobody reads. Leaves it to a later tidying otherwise. */
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
