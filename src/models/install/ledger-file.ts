import * as v from 'valibot';
import { ledgerName, ledgerSchema, ledgerSpare } from './ledger.ts';
import type { Ledger } from './ledger.ts';
import type { ModelFiles, ModelFileWriter } from './files.ts';
import { sha256 } from './pieces.ts';
import { storing } from './storing.ts';

/**
 * On disk the journal is preceded by its checksum, which detects torn writes, and padded with spaces to its final length,
 * so that recording chunks never needs more space on a full disk.
 */
const checksumLength = 64;
/** Growth of the JSON when a chunk's `null` becomes a checksum. */
const growth = checksumLength + 2 - 'null'.length;

/** Maximum size that is read, enough for some 10,000 chunks. */
const longest = 4 * 2 ** 20;

/**
 * Writes both copies of the journal, one after the other, so that one of them is always intact.
 *
 * @param writer Opens the file of that name; the caller closes it.
 */
export async function writeLedgerTo(
  writer: (name: string) => Promise<ModelFileWriter>,
  ledger: Ledger,
): Promise<void> {
  const missing = ledger.files.flatMap(({ pieces }) => pieces).filter((piece) => piece.sha256 === null);
  const text = JSON.stringify(ledger);
  const room = text.length + missing.length * growth + 64;
  const body = new TextEncoder().encode(text.padEnd(Math.ceil(room / 1024) * 1024));
  const checksum = new TextEncoder().encode(`${await sha256(body)}\n`);
  const bytes = new Uint8Array(checksum.length + body.length);
  bytes.set(checksum);
  bytes.set(body, checksum.length);
  for (const name of [ledgerSpare, ledgerName]) {
    const file = await writer(name);
    await file.write(0, bytes);
    if (file.size() > bytes.length) file.truncate(bytes.length);
    file.flush();
  }
}

/** Closes files that were flushed or have failed, ignoring errors. */
export function closeAll(writers: readonly ModelFileWriter[]): void {
  for (const writer of writers) {
    try {
      writer.close();
    } catch {
      // There is nothing else to do.
    }
  }
}

/** `writeLedgerTo` for files that are not open. */
export async function writeLedger(files: ModelFiles, id: string, ledger: Ledger): Promise<void> {
  const open: ModelFileWriter[] = [];
  try {
    await writeLedgerTo(async (name) => {
      const file = await files.writer(id, name);
      open.push(file);
      return file;
    }, ledger);
  } finally {
    closeAll(open);
  }
}

/** Newest intact journal of a model; null if there is none. @throws StorageError `storage-unavailable` */
export async function readLedger(files: ModelFiles, id: string): Promise<Ledger | null> {
  // Another tab may have been rewriting both copies while they were read; on a second attempt it is past that.
  return (await readBoth(files, id)) ?? readBoth(files, id);
}

async function readBoth(files: ModelFiles, id: string): Promise<Ledger | null> {
  const found = await Promise.all([ledgerName, ledgerSpare].map((name) => readOne(files, id, name)));
  return found.reduce((newest, ledger) =>
    newest && (!ledger || ledger.generation <= newest.generation) ? newest : ledger,
  );
}

async function readOne(files: ModelFiles, id: string, name: string): Promise<Ledger | null> {
  // Must not be mistaken for a missing file: an install without a journal starts by deleting the folder.
  const source = await storing(
    files,
    () => 0,
    () => files.open(id, name),
  );
  try {
    if (!source || source.size <= checksumLength || source.size > longest) return null;
    const bytes = await source.read(0, source.size);
    const body = bytes.slice(checksumLength + 1);
    if (new TextDecoder().decode(bytes.subarray(0, checksumLength)) !== (await sha256(body))) return null;
    const parsed = v.safeParse(ledgerSchema, JSON.parse(new TextDecoder().decode(body)));
    return parsed.success ? parsed.output : null;
  } catch {
    // Being written, or damaged: the other copy is intact.
    return null;
  }
}
