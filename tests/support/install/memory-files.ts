import type { ModelFiles, ModelFileWriter } from '../../../src/models/install/index.ts';
import { WorkerLocks } from '../../../workers/locks.ts';
import { privateModelStorage } from '../../../workers/model-files.ts';
import type { ModelStorage } from '../../../workers/model-keeping.ts';
import { PrivateFileSystem } from '../storage/private-file-system.ts';

/** Where models are in the private file system. */
const folder = 'models';

/** Models as the worker keeps them, on a private file system in memory. */
export class MemoryFiles implements ModelFiles {
  readonly disk: PrivateFileSystem;
  readonly hold: ModelStorage['hold'];
  /** What `room` says; null for a browser that does not tell. */
  tellsRoom = true;
  /** Called before each writing, which fails when this throws. */
  onWrite: (model: string, name: string, at: number) => void = () => undefined;
  readonly #files: ModelFiles;

  /** @param locks - those of the worker whose files these are; of one that is alone, none */
  constructor(disk = new PrivateFileSystem(), locks = new WorkerLocks(null)) {
    this.disk = disk;
    const storage = privateModelStorage(
      () => disk.getDirectory(),
      () => this.room(),
      locks,
    );
    this.#files = storage.files;
    this.hold = (id, mode) => storage.hold(id, mode);
  }

  /** How many bytes fit. */
  get capacity(): number {
    return this.disk.quota;
  }

  set capacity(bytes: number) {
    this.disk.quota = bytes;
  }

  /** Writers that are not closed. */
  get writers(): number {
    return this.disk.writers;
  }

  /** Every opening of a writer, by the file's name in its model. */
  get opened(): string[] {
    return this.disk.opened.map((path) => path.split('/').slice(2).join('/'));
  }

  /** The models that have a folder. */
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

  room(): Promise<number | null> {
    return Promise.resolve(this.tellsRoom ? this.disk.quota - this.disk.used : null);
  }

  /** The bytes of a file as they lie on the disk: changing them damages the file unnoticed. */
  read(model: string, name: string): Uint8Array<ArrayBuffer> {
    return this.disk.bytes(`${folder}/${model}/${name}`) ?? new Uint8Array(0);
  }

  /** Removes a file behind the page's back. */
  lose(model: string, name: string): void {
    this.disk.delete(`${folder}/${model}/${name}`);
  }

  /** Every file of a model but for the journal, as text, which is quick to compare. */
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

  /** The page is killed: whatever was not flushed is lost. */
  die(): void {
    this.disk.crash();
  }
}
