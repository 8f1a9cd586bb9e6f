import { ProjectKeeper } from '../../src/project/keeper.ts';
import type { ProjectFiles, ProjectLocks } from '../../src/project/index.ts';
import { privateFiles } from '../../workers/storage.ts';
import { createOutput } from './output.ts';
import { injectIntoDatabase } from './storage/database-faults.ts';
import type { FaultInjector } from './storage/faults.ts';
import { PrivateFileSystem } from './storage/private-file-system.ts';

/** Folder of projects in the private file system. */
const root = 'projects';

/** The worker's project files on an in-memory private file system. */
export class MemoryFiles implements ProjectFiles {
  readonly disk = new PrivateFileSystem();
  /** Called before each write; if it throws, the write fails with half of the file on disk. */
  beforeWrite: (name: string) => void = () => undefined;
  /** Awaited before each read. */
  beforeRead: () => Promise<void> = () => Promise.resolve();
  readonly #files = privateFiles(() => this.disk.getDirectory());

  /** Quota in bytes; writes beyond it throw like a browser. */
  get quota(): number {
    return this.disk.quota;
  }

  set quota(bytes: number) {
    this.disk.quota = bytes;
  }

  get used(): number {
    return this.disk.used;
  }

  /** Sorted paths of all files, relative to the folder of projects. */
  names(): string[] {
    const folder = `${root}/`;
    return this.disk.paths().flatMap((path) => (path.startsWith(folder) ? [path.slice(folder.length)] : []));
  }

  /** Names of projects that have a folder. */
  folderNames(): string[] {
    return this.disk.names(root);
  }

  /** Bytes of a file on disk; null if it does not exist. */
  bytes(project: string, name: string): Uint8Array<ArrayBuffer> | null {
    return this.disk.bytes(`${root}/${project}/${name}`);
  }

  /** Overwrites a file behind the page's back. */
  damage(project: string, name: string, bytes: Uint8Array<ArrayBuffer>): void {
    this.disk.put(`${root}/${project}/${name}`, bytes);
  }

  /** Removes a file behind the page's back. */
  lose(project: string, name: string): void {
    this.disk.delete(`${root}/${project}/${name}`);
  }

  async write(project: string, name: string, bytes: Blob | Uint8Array<ArrayBuffer>): Promise<void> {
    try {
      this.beforeWrite(name);
    } catch (error) {
      const whole = bytes instanceof Blob ? new Uint8Array(await bytes.arrayBuffer()) : bytes;
      this.damage(project, name, whole.slice(0, whole.length >> 1));
      throw error;
    }
    return this.#files.write(project, name, bytes);
  }

  async read(project: string, name: string): Promise<Blob | null> {
    await this.beforeRead();
    return this.#files.read(project, name);
  }

  remove(project: string, name: string): Promise<void> {
    return this.#files.remove(project, name);
  }

  list(project: string): Promise<string[]> {
    return this.#files.list(project);
  }

  removeAll(project: string): Promise<void> {
    return this.#files.removeAll(project);
  }

  projects(): Promise<string[]> {
    return this.#files.projects();
  }
}

function settle<T>(work: () => T): Promise<T> {
  return new Promise((resolve) => {
    resolve(work());
  });
}

/** In-memory locks shared by several keepers, like the tabs of one browser. */
export class MemoryLocks implements ProjectLocks {
  readonly held = new Set<string>();
  /** Number of readers per project; -1 while it is being purged. */
  readonly #readers = new Map<string, number>();

  tryRead(project: string): Promise<(() => void) | null> {
    return settle(() => {
      const readers = this.#readers.get(project) ?? 0;
      if (readers < 0) return null;
      this.#readers.set(project, readers + 1);
      return () => {
        this.#readers.set(project, (this.#readers.get(project) ?? 1) - 1);
      };
    });
  }

  tryPurge(project: string): Promise<(() => void) | null> {
    return settle(() => {
      if ((this.#readers.get(project) ?? 0) !== 0) return null;
      this.#readers.set(project, -1);
      return () => {
        this.#readers.delete(project);
      };
    });
  }

  /** Releases all locks, as in a crash. */
  clear(): void {
    this.held.clear();
    this.#readers.clear();
  }

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

/** One browser on one machine: the state that its tabs share and that survives a reload or a crash. */
export class Device {
  readonly files = new MemoryFiles();
  readonly locks = new MemoryLocks();
  readonly database = `drift-test-${++devices}`;
  now = new Date('2025-01-31T12:00:00Z');
  #ids = 0;

  constructor() {
    injectIntoDatabase(this.database, this.faults);
  }

  /** Injects failures into calls of the file system and the database, counted together. */
  get faults(): FaultInjector {
    return this.files.disk.faults;
  }

  newId(): string {
    return `00000000-0000-4000-8000-${String(++this.#ids).padStart(12, '0')}`;
  }

  /** Keeper of a new tab. */
  tab(): ProjectKeeper {
    return new ProjectKeeper({
      files: this.files,
      locks: this.locks,
      database: this.database,
      freeSpace: () =>
        Promise.resolve(
          this.files.quota === Number.POSITIVE_INFINITY ? null : this.files.quota - this.files.used,
        ),
      now: () => (this.now = new Date(this.now.getTime() + 1000)),
      createOutput,
    });
  }

  /** Simulates a crash of the page: its locks are released, flushed files remain. */
  crash(): void {
    this.locks.clear();
    this.files.disk.crash();
  }
}
