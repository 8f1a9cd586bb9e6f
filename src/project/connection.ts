import { openDatabase } from './database.ts';
import type { ProjectDatabase } from './database.ts';

/** What browsers throw where a connection to a database can no longer be used. */
const brokenConnection = new Set(['InvalidStateError', 'UnknownError']);

/** The connection to the project database: opened when first needed, and again after it was closed or broke. */
export class DatabaseConnection {
  readonly #name: string;
  #current: Promise<ProjectDatabase> | null = null;

  /** @param name - of the IndexedDB database */
  constructor(name: string) {
    this.#name = name;
  }

  /**
   * Works with the database. A connection that turns out to be broken is closed.
   *
   * @throws what the work throws, or what the browser throws where it forbids storage
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

  /** The next use opens another connection, unless one has been opened already. */
  #forget(connection: Promise<ProjectDatabase>): void {
    if (this.#current === connection) this.#current = null;
  }
}
