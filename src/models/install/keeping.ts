import type { ModelFiles, ModelFileWriter } from './files.ts';
import { closeAll, writeLedgerTo } from './ledger-file.ts';
import type { Ledger, LedgerPiece } from './ledger.ts';
import { sha256 } from './pieces.ts';
import { storing } from './storing.ts';

/** Minimum interval between writes of the journal, in milliseconds: the work that a killed tab loses. */
const saveEvery = 1000;

/**
 * Writes chunks and maintains the install journal. Write-ahead order: chunk data is flushed before the journal that
 * records it.
 */
export class PieceKeeper {
  readonly #files: ModelFiles;
  readonly #ledger: Ledger;
  readonly #now: () => number;
  readonly #writers = new Map<string, Promise<ModelFileWriter>>();
  /** Written, but perhaps not flushed. */
  #written: { readonly piece: LedgerPiece; readonly sha256: string }[] = [];
  #saving: Promise<void> = Promise.resolve();
  #saved: number;
  #missing: number;

  constructor(files: ModelFiles, ledger: Ledger, now: () => number) {
    this.#files = files;
    this.#ledger = ledger;
    this.#now = now;
    this.#saved = now();
    this.#missing = ledger.files
      .flatMap(({ pieces }) => pieces)
      .reduce((sum, piece) => sum + (piece.sha256 === null ? piece.length : 0), 0);
  }

  /** @throws StorageError `storage-full` or `storage-unavailable` */
  async write(name: string, piece: LedgerPiece, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const checksum = await sha256(bytes);
    await this.#storing(async () => {
      const writer = await this.#writer(name);
      await writer.write(piece.at, bytes);
    });
    this.#missing -= piece.length;
    this.#written.push({ piece, sha256: checksum });
    if (this.#now() - this.#saved >= saveEvery) await this.save();
  }

  /** Flushes written chunks and records them in the journal. */
  save(): Promise<void> {
    this.#saved = this.#now();
    const before = this.#saving;
    const saving = (async () => {
      await before.catch(() => undefined);
      await this.#storing(async () => {
        const written = this.#written;
        this.#written = [];
        for (const writer of this.#writers.values()) (await writer).flush();
        for (const each of written) each.piece.sha256 = each.sha256;
        this.#ledger.generation++;
        await writeLedgerTo((name) => this.#writer(name), this.#ledger);
      });
    })();
    this.#saving = saving;
    return saving;
  }

  /** Truncates all files to their planned sizes and marks the model as complete. */
  async finish(): Promise<void> {
    await this.#storing(async () => {
      for (const { name, size } of this.#ledger.files) {
        const writer = await this.#writer(name);
        if (writer.size() !== size) writer.truncate(size);
      }
    });
    this.#ledger.finished ??= new Date(this.#now()).toISOString();
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
    const opened = this.#files.writer(this.#ledger.source.id, name);
    this.#writers.set(name, opened);
    // A file that cannot be opened must not prevent the others from being saved.
    opened.catch(() => this.#writers.delete(name));
    return opened;
  }

  #storing<T>(work: () => Promise<T>): Promise<T> {
    return storing(this.#files, () => this.#missing, work);
  }
}
