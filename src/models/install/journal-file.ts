import * as v from 'valibot';
import { journalName, journalSchema, journalCopyName, stringifyJournal } from './journal.ts';
import type { InstallJournal } from './journal.ts';
import type { ModelFiles, ModelFileWriter } from './files.ts';
import { sha256 } from './chunks.ts';
import { withStorageErrors } from './storage-errors.ts';

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
export async function writeJournalTo(
  writer: (name: string) => Promise<ModelFileWriter>,
  journal: InstallJournal,
): Promise<void> {
  const missing = journal.files.flatMap(({ chunks }) => chunks).filter((chunk) => chunk.sha256 === null);
  const text = stringifyJournal(journal);
  const capacity = text.length + missing.length * growth + 64;
  const body = new TextEncoder().encode(text.padEnd(Math.ceil(capacity / 1024) * 1024));
  const checksum = new TextEncoder().encode(`${await sha256(body)}\n`);
  const bytes = new Uint8Array(checksum.length + body.length);
  bytes.set(checksum);
  bytes.set(body, checksum.length);
  for (const name of [journalCopyName, journalName]) {
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

/** `writeJournalTo` for files that are not open. */
export async function writeJournal(files: ModelFiles, id: string, journal: InstallJournal): Promise<void> {
  const open: ModelFileWriter[] = [];
  try {
    await writeJournalTo(async (name) => {
      const file = await files.writer(id, name);
      open.push(file);
      return file;
    }, journal);
  } finally {
    closeAll(open);
  }
}

/** Newest intact journal of a model; null if there is none. @throws StorageError `storage-unavailable` */
export async function readJournal(files: ModelFiles, id: string): Promise<InstallJournal | null> {
  // Another tab may have been rewriting both copies while they were read; on a second attempt it is past that.
  return (await readBoth(files, id)) ?? readBoth(files, id);
}

async function readBoth(files: ModelFiles, id: string): Promise<InstallJournal | null> {
  const found = await Promise.all([journalName, journalCopyName].map((name) => readOne(files, id, name)));
  return found.reduce((newest, journal) =>
    newest && (!journal || journal.generation <= newest.generation) ? newest : journal,
  );
}

async function readOne(files: ModelFiles, id: string, name: string): Promise<InstallJournal | null> {
  // Must not be mistaken for a missing file: an install without a journal starts by deleting the folder.
  const source = await withStorageErrors(
    files,
    () => 0,
    () => files.open(id, name),
  );
  try {
    if (!source || source.size <= checksumLength || source.size > longest) return null;
    const bytes = await source.read(0, source.size);
    const body = bytes.slice(checksumLength + 1);
    if (new TextDecoder().decode(bytes.subarray(0, checksumLength)) !== (await sha256(body))) return null;
    const parsed = v.safeParse(journalSchema, JSON.parse(new TextDecoder().decode(body)));
    return parsed.success ? parsed.output : null;
  } catch {
    // Being written, or damaged: the other copy is intact.
    return null;
  }
}
