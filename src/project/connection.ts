import { openDatabase } from './database.ts';
import type { ProjectDatabase } from './database.ts';

/** Names of the DOMExceptions that browsers throw for an IndexedDB connection that is no longer usable. */
const brokenConnection = new Set(['InvalidStateError', 'UnknownError']);

/** Connection to the project database, opened on demand and reopened after it was closed or failed. */
export class DatabaseConnection {
  readonly #name: string;
  #current: Promise<ProjectDatabase> | null = null;

  /** @param name name of the IndexedDB database */
  constructor(name: string) {
    this.#name = name;
  }

  /**
   * Runs `work` with the open database. If it fails because the connection is broken, the connection is closed.
   *
   * @throws what `work` throws, or what the browser throws if it forbids storage
   */
  async use<T>(work: (db: ProjectDatabase) => Promise<T>): Promise<T> {
    const opening = this.#open();
    try {
      return await work(await opening);
    } catch (error) {
      if (error instanceof DOMException && brokenConnection.has(error.name)) {
        this.#forget(opening);
        await opening.then(
          (db) => {
            db.close();
          },
          () => undefined,
        );
      }
      throw error;
    }
  }

  async close(): Promise<void> {
    const current = this.#current;
    this.#current = null;
    (await current)?.close();
  }

  #open(): Promise<ProjectDatabase> {
    if (this.#current) return this.#current;
    const opening: Promise<ProjectDatabase> = openDatabase(this.#name, () => {
      this.#forget(opening);
    });
    this.#current = opening;
    opening.catch(() => {
      this.#forget(opening);
    });
    return opening;
  }

  /** Makes the next `use` open a new connection, unless that has happened already. */
  #forget(connection: Promise<ProjectDatabase>): void {
    if (this.#current === connection) this.#current = null;
  }
}
