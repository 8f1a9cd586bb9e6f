import * as v from 'valibot';
import { ledgerName, ledgerSchema, ledgerSpare } from './ledger.ts';
import type { Ledger } from './ledger.ts';
import type { ModelFiles, ModelFileWriter } from './files.ts';
import { sha256 } from './pieces.ts';
import { storing } from './storing.ts';

/**
 * On disk a ledger stands between its own checksum and spaces: one that was torn in the middle of writing is known, and
 * its length does not change as pieces are filled in, so that it can be written on a disk that has become full.
 */
const checksumLength = 64;
/** What a piece adds when its `null` becomes a checksum. */
const growth = checksumLength + 2 - 'null'.length;

/** The longest ledger that is read: some 10,000 pieces. */
const longest = 4 * 2 ** 20;

/**
 * Writes a ledger so that at every moment one of its two files is whole.
 *
 * @param writer - gives the open file of that name; whoever opened it closes it
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

/** Closes files that were flushed, or that failed: an error of one keeps no other from being closed, and costs nothing. */
export function closeAll(writers: readonly ModelFileWriter[]): void {
  for (const writer of writers) {
    try {
      writer.close();
    } catch {
      // It is as closed as it can be.
    }
  }
}

/** The same for files that are not open. */
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

/** The newest whole ledger of a model; null where there is none. @throws StorageError `storage-unavailable` */
export async function readLedger(files: ModelFiles, id: string): Promise<Ledger | null> {
  // Another tab may have written the one and then the other just while they were read: then it is past that now.
  return (await readBoth(files, id)) ?? readBoth(files, id);
}

async function readBoth(files: ModelFiles, id: string): Promise<Ledger | null> {
  const found = await Promise.all([ledgerName, ledgerSpare].map((name) => readOne(files, id, name)));
  return found.reduce((newest, ledger) =>
    newest && (!ledger || ledger.generation <= newest.generation) ? newest : ledger,
  );
}

async function readOne(files: ModelFiles, id: string, name: string): Promise<Ledger | null> {
  // Whether there is such a file must be known: an installation without a ledger begins by removing what is there.
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
    // Written by someone else just now, or damaged: the other one is whole.
    return null;
  }
}
