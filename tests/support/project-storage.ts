import { ProjectKeeper } from '../../src/project/keeper.ts';
import type { ProjectFiles, ProjectLocks } from '../../src/project/index.ts';
import { privateFiles } from '../../workers/storage.ts';
import { createOutput } from './output.ts';
import { injectIntoDatabase } from './storage/database-faults.ts';
import type { FaultInjector } from './storage/faults.ts';
import { PrivateFileSystem } from './storage/private-file-system.ts';

/** Where projects are in the private file system. */
const root = 'projects';

/** Files of projects as the worker keeps them, on a private file system in memory. */
export class MemoryFiles implements ProjectFiles {
  readonly disk = new PrivateFileSystem();
  /** Called before a file is written; what it throws, writing throws, with half of the file on disk. */
  beforeWrite: (name: string) => void = () => undefined;
  /** Waited for before a file is read. */
  beforeRead: () => Promise<void> = () => Promise.resolve();
  readonly #files = privateFiles(() => this.disk.getDirectory());

  /** Bytes that fit; what is more throws as a browser does. */
  get room(): number {
    return this.disk.quota;
  }

  set room(bytes: number) {
    this.disk.quota = bytes;
  }

  get used(): number {
    return this.disk.used;
  }

  /** Every file of a project with its folder, in order. */
  names(): string[] {
    const folder = `${root}/`;
    return this.disk.paths().flatMap((path) => (path.startsWith(folder) ? [path.slice(folder.length)] : []));
  }

  /** The projects that have a folder. */
  folderNames(): string[] {
    return this.disk.names(root);
  }

  /** The bytes of a file as they lie on the disk, null where there is none. */
  bytes(project: string, name: string): Uint8Array<ArrayBuffer> | null {
    return this.disk.bytes(`${root}/${project}/${name}`);
  }

  /** Puts other bytes in the place of a file, behind the page's back. */
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

/** Locks that several keepers share, as tabs of one browser do. */
export class MemoryLocks implements ProjectLocks {
  readonly held = new Set<string>();
  /** How many read a project; -1 while it is being purged. */
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

  /** A crash of everything. */
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

/** One browser on one machine: what its tabs share, and what a reload or a crash leaves. */
export class Device {
  readonly files = new MemoryFiles();
  readonly locks = new MemoryLocks();
  readonly database = `drift-test-${++devices}`;
  now = new Date('2025-01-31T12:00:00Z');
  #ids = 0;

  constructor() {
    injectIntoDatabase(this.database, this.faults);
  }

  /** Makes calls of the file system and the database fail, counted together. */
  get faults(): FaultInjector {
    return this.files.disk.faults;
  }

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
      createOutput,
    });
  }

  /** The page dies, whatever it was doing: its locks go, and what is on disk stays. */
  crash(): void {
    this.locks.clear();
    this.files.disk.crash();
  }
}
