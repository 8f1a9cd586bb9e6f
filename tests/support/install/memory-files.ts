import type { ModelFiles, ModelFileWriter } from '../../../src/models/install/index.ts';
import { WorkerLocks } from '../../../workers/locks.ts';
import { privateModelStorage } from '../../../workers/model-files.ts';
import type { ModelStorage } from '../../../workers/model-handlers.ts';
import { PrivateFileSystem } from '../storage/private-file-system.ts';

/** Folder of models in the private file system. */
const folder = 'models';

/** The worker's model storage on an in-memory private file system. */
export class MemoryFiles implements ModelFiles {
  readonly disk: PrivateFileSystem;
  readonly hold: ModelStorage['hold'];
  /** False makes `freeSpace` return null, like a browser that does not report it. */
  tellsFreeSpace = true;
  /** Called before each write, which fails if this throws. */
  onWrite: (model: string, name: string, at: number) => void = () => undefined;
  readonly #files: ModelFiles;

  /** @param locks Locks of the owning worker; none by default. */
  constructor(disk = new PrivateFileSystem(), locks = new WorkerLocks(null)) {
    this.disk = disk;
    const storage = privateModelStorage(
      () => disk.getDirectory(),
      () => this.freeSpace(),
      locks,
    );
    this.#files = storage.files;
    this.hold = (id, mode) => storage.hold(id, mode);
  }

  /** Quota in bytes. */
  get capacity(): number {
    return this.disk.quota;
  }

  set capacity(bytes: number) {
    this.disk.quota = bytes;
  }

  /** Number of open writers. */
  get writers(): number {
    return this.disk.writers;
  }

  /** Names of files in the order in which they were opened for writing. */
  get opened(): string[] {
    return this.disk.opened.map((path) => path.split('/').slice(2).join('/'));
  }

  /** Names of models that have a folder. */
  get names(): string[] {
    return this.disk.names(folder);
  }

  list(): Promise<string[]> {
    return this.#files.list();
  }

  files(model: string): Promise<{ name: string; size: number }[]> {
    return this.#files.files(model);
  }

  open(model: string, name: string) {
    return this.#files.open(model, name);
  }

  async writer(model: string, name: string): Promise<ModelFileWriter> {
    const writer = await this.#files.writer(model, name);
    return {
      ...writer,
      write: (at, bytes) => {
        this.onWrite(model, name, at);
        return writer.write(at, bytes);
      },
    };
  }

  remove(model: string): Promise<void> {
    return this.#files.remove(model);
  }

  freeSpace(): Promise<number | null> {
    return Promise.resolve(this.tellsFreeSpace ? this.disk.quota - this.disk.used : null);
  }

  /** A file's bytes on disk; modifying them damages the file silently. */
  read(model: string, name: string): Uint8Array<ArrayBuffer> {
    return this.disk.bytes(`${folder}/${model}/${name}`) ?? new Uint8Array(0);
  }

  /** Deletes a file behind the page's back. */
  lose(model: string, name: string): void {
    this.disk.delete(`${folder}/${model}/${name}`);
  }

  /** All files of a model except the journal, as text, because strings compare fast. */
  contents(model: string): Map<string, string> {
    const prefix = `${folder}/${model}/`;
    return new Map(
      this.disk
        .paths()
        .filter((path) => path.startsWith(prefix) && !path.startsWith(`${prefix}install`))
        .map((path): [string, string] => [
          path.slice(prefix.length),
          Buffer.from(this.disk.bytes(path) ?? []).toString('base64'),
        ]),
    );
  }

  /** Simulates a killed page: unflushed data is lost. */
  die(): void {
    this.disk.crash();
  }
}
