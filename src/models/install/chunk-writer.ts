import type { ModelFiles, ModelFileWriter } from './files.ts';
import { closeAll, writeJournalTo } from './journal-file.ts';
import type { InstallJournal, JournalChunk } from './journal.ts';
import { sha256 } from './chunks.ts';
import { withStorageErrors } from './storage-errors.ts';

/** Minimum interval between writes of the journal, in milliseconds: the work that a killed tab loses. */
const saveEvery = 1000;

/**
 * Writes chunks and maintains the install journal. Write-ahead order: chunk data is flushed before the journal that
 * records it.
 */
export class ChunkWriter {
  readonly #files: ModelFiles;
  readonly #journal: InstallJournal;
  readonly #now: () => number;
  readonly #writers = new Map<string, Promise<ModelFileWriter>>();
  /** Written, but perhaps not flushed. */
  #written: { readonly chunk: JournalChunk; readonly sha256: string }[] = [];
  #saving: Promise<void> = Promise.resolve();
  #saved: number;
  #missing: number;

  constructor(files: ModelFiles, journal: InstallJournal, now: () => number) {
    this.#files = files;
    this.#journal = journal;
    this.#now = now;
    this.#saved = now();
    this.#missing = journal.files
      .flatMap(({ chunks }) => chunks)
      .reduce((sum, chunk) => sum + (chunk.sha256 === null ? chunk.length : 0), 0);
  }

  /** @throws StorageError `storage-full` or `storage-unavailable` */
  async write(name: string, chunk: JournalChunk, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const checksum = await sha256(bytes);
    await this.#withStorageErrors(async () => {
      const writer = await this.#writer(name);
      await writer.write(chunk.at, bytes);
    });
    this.#missing -= chunk.length;
    this.#written.push({ chunk, sha256: checksum });
    if (this.#now() - this.#saved >= saveEvery) await this.save();
  }

  /** Flushes written chunks and records them in the journal. */
  save(): Promise<void> {
    this.#saved = this.#now();
    const before = this.#saving;
    const saving = (async () => {
      await before.catch(() => undefined);
      await this.#withStorageErrors(async () => {
        const written = this.#written;
        this.#written = [];
        for (const writer of this.#writers.values()) (await writer).flush();
        for (const each of written) each.chunk.sha256 = each.sha256;
        this.#journal.generation++;
        await writeJournalTo((name) => this.#writer(name), this.#journal);
      });
    })();
    this.#saving = saving;
    return saving;
  }

  /** Truncates all files to their planned sizes and marks the model as complete. */
  async finish(): Promise<void> {
    await this.#withStorageErrors(async () => {
      for (const { name, size } of this.#journal.files) {
        const writer = await this.#writer(name);
        if (writer.size() !== size) writer.truncate(size);
      }
    });
    this.#journal.finished ??= new Date(this.#now()).toISOString();
    await this.save();
  }

  /** Closes all files without saving. */
  async close(): Promise<void> {
    await this.#saving.catch(() => undefined);
    const opened = await Promise.allSettled(this.#writers.values());
    closeAll(opened.flatMap((writer) => (writer.status === 'fulfilled' ? [writer.value] : [])));
    this.#writers.clear();
  }

  #writer(name: string): Promise<ModelFileWriter> {
    const known = this.#writers.get(name);
    if (known) return known;
    const opened = this.#files.writer(this.#journal.source.id, name);
    this.#writers.set(name, opened);
    // A file that cannot be opened must not prevent the others from being saved.
    opened.catch(() => this.#writers.delete(name));
    return opened;
  }

  #withStorageErrors<T>(work: () => Promise<T>): Promise<T> {
    return withStorageErrors(this.#files, () => this.#missing, work);
  }
}
