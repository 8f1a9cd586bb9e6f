import { CheckpointError, InputError, freeNow } from '../../base/index.ts';
import type { ModelFiles } from './files.ts';
import type { InstallJournal, JournalFile, JournalChunk } from './journal.ts';
import { inParallel } from './parallel.ts';
import { sha256 } from './chunks.ts';
import type { ProgressMeter } from './progress.ts';
import { withStorageErrors } from './storage-errors.ts';
import type { DamagedChunk } from './types.ts';

/** Chunks read concurrently: enough to overlap disk reads and hashing. */
const atOnce = 3;

/** Number of bytes that the install journal says are stored. */
export function bytesStored({ files }: InstallJournal): number {
  return storedChunks(files).reduce((sum, { chunk }) => sum + chunk.length, 0);
}

function storedChunks(files: readonly JournalFile[]): { file: JournalFile; chunk: JournalChunk }[] {
  return files.flatMap((file) =>
    file.chunks.filter((chunk) => chunk.sha256 !== null).map((chunk) => ({ file, chunk })),
  );
}

/**
 * Reads back every stored chunk and compares its SHA-256. Damaged chunks are marked as missing in the journal (in memory;
 * the caller saves it).
 *
 * @returns the damaged chunks
 * @throws StorageError `storage-unavailable`, or the signal's reason
 */
export async function verifyChunks(
  files: ModelFiles,
  journal: InstallJournal,
  progress: ProgressMeter,
  signal: AbortSignal | undefined,
): Promise<DamagedChunk[]> {
  const id = journal.source.id;
  const sources = new Map(
    await withStorageErrors(
      files,
      () => 0,
      () => Promise.all(journal.files.map(async ({ name }) => [name, await files.open(id, name)] as const)),
    ),
  );
  const damage: DamagedChunk[] = [];
  await inParallel(storedChunks(journal.files), atOnce, signal, async ({ file, chunk }, stop) => {
    const { at, length } = chunk;
    const source = sources.get(file.name) ?? null;
    let kind: DamagedChunk['kind'] | null = null;
    if (!source || source.size < at + length) kind = 'missing';
    else if ((await checksum(source.read(at, length, stop))) !== chunk.sha256) kind = 'changed';
    if (kind) {
      damage.push({ file: file.name, at, length, kind });
      chunk.sha256 = null;
    }
    progress.add(length);
  });
  return damage;
}

/** SHA-256 of what `reading` yields; null if it cannot be read. */
async function checksum(reading: Promise<Uint8Array<ArrayBuffer>>): Promise<string | null> {
  try {
    const bytes = await reading;
    const sum = await sha256(bytes);
    freeNow(bytes);
    return sum;
  } catch (error) {
    if (error instanceof CheckpointError || error instanceof InputError) return null;
    throw error;
  }
}
