import 'fake-indexeddb/auto';
import { ProjectKeeper } from '../../src/project/keeper.ts';
import type { ProjectFiles, ProjectLocks } from '../../src/project/index.ts';

/** A disk in memory, on which writing can be made to fail. */
export class MemoryFiles implements ProjectFiles {
  readonly folders = new Map<string, Map<string, Blob>>();
  /** Bytes that fit; what is more throws as a browser does. */
  room = Number.POSITIVE_INFINITY;
  /** Called before a file is written; what it throws, writing throws, with half of the file on disk. */
  beforeWrite: (name: string) => void = () => undefined;
  /** Waited for before a file is read. */
  beforeRead: () => Promise<void> = () => Promise.resolve();

  get used(): number {
    return [...this.folders.values()]
      .flatMap((folder) => [...folder.values()])
      .reduce((sum, { size }) => sum + size, 0);
  }

  /** Every file with its folder, in order. */
  names(): string[] {
    return [...this.folders]
      .flatMap(([folder, files]) => [...files.keys()].map((name) => `${folder}/${name}`))
      .sort();
  }

  write(project: string, name: string, bytes: Blob | Uint8Array<ArrayBuffer>): Promise<void> {
    return settle(() => {
      const file = new Blob([bytes]);
      const folder = this.folders.get(project) ?? new Map<string, Blob>();
      this.folders.set(project, folder);
      try {
        this.beforeWrite(name);
      } catch (error) {
        folder.set(name, file.slice(0, file.size >> 1));
        throw error;
      }
      if (this.used + file.size > this.room) throw new DOMException('It is full.', 'QuotaExceededError');
      folder.set(name, file);
    });
  }

  async read(project: string, name: string): Promise<Blob | null> {
    await this.beforeRead();
    return this.folders.get(project)?.get(name) ?? null;
  }

  remove(project: string, name: string): Promise<void> {
    return settle(() => {
      this.folders.get(project)?.delete(name);
    });
  }

  list(project: string): Promise<string[]> {
    return settle(() => [...(this.folders.get(project)?.keys() ?? [])]);
  }

  removeAll(project: string): Promise<void> {
    return settle(() => {
      this.folders.delete(project);
    });
  }

  projects(): Promise<string[]> {
    return settle(() => [...this.folders.keys()]);
  }
}

function settle<T>(work: () => T): Promise<T> {
  return new Promise((resolve) => {
    resolve(work());
  });
}

/** Locks that several keepers share, as tabs of one browser do. */
export class MemoryLocks implements ProjectLocks {
  readonly held = new Set<string>();

  tryHold(project: string): Promise<(() => void) | null> {
    return settle(() => {
      if (this.held.has(project)) return null;
      this.held.add(project);
      return () => {
        this.held.delete(project);
      };
    });
  }
}

let devices = 0;

/** One browser on one machine: what its tabs share, and what a reload or a crash leaves. */
export class Device {
  readonly files = new MemoryFiles();
  readonly locks = new MemoryLocks();
  readonly database = `drift-test-${++devices}`;
  now = new Date('2025-01-31T12:00:00Z');
  #ids = 0;

  newId(): string {
    return `00000000-0000-4000-8000-${String(++this.#ids).padStart(12, '0')}`;
  }

  /** A tab's keeper. */
  tab(): ProjectKeeper {
    return new ProjectKeeper({
      files: this.files,
      locks: this.locks,
      database: this.database,
      room: () =>
        Promise.resolve(
          this.files.room === Number.POSITIVE_INFINITY ? null : this.files.room - this.files.used,
        ),
      now: () => (this.now = new Date(this.now.getTime() + 1000)),
    });
  }

  /** The page dies, whatever it was doing: its locks go, and what is on disk stays. */
  crash(): void {
    this.locks.held.clear();
  }
}
