import { ModelError, createQueue, freeNow } from '../../base/index.ts';
import type { Queue } from '../../base/index.ts';
import { bytesStored, verifyChunks } from './check.ts';
import type { ModelFiles } from './files.ts';
import { ChunkWriter } from './chunk-writer.ts';
import { readJournal, writeJournal } from './journal-file.ts';
import type { InstallJournal, JournalFile } from './journal.ts';
import { inParallel } from './parallel.ts';
import { originOf } from './chunks.ts';
import type { UnrangedChunk, RangeChunk } from './chunks.ts';
import { PreparedPlan, planInstall } from './plan.ts';
import { ProgressMeter } from './progress.ts';
import type { ModelSource } from './source.ts';
import { storageFullError, withStorageErrors } from './storage-errors.ts';
import { coalesce } from './ranges.ts';
import type { MissingChunk } from './ranges.ts';
import type { InstallOptions, InstallPlan } from './types.ts';

/** Concurrent requests. Browsers allow more per server; more used memory without saving time. */
const usualConnections = 4;

/**
 * Installs a model, resumes an interrupted install, or repairs damage. Abort to pause: finished chunks are kept. Stored
 * chunks are verified first.
 *
 * If a file changes on its server meanwhile, it is downloaded again from the start, once: files of different versions are
 * never mixed.
 *
 * @param what A source, or the plan that `planInstall` made of it.
 * @throws ModelError or CheckpointError about the offending file; StorageError `storage-full` with `needed` and `free`, or
 *   `storage-unavailable`; or the signal's reason
 */
export async function install(
  what: ModelSource | InstallPlan,
  files: ModelFiles,
  options: InstallOptions = {},
): Promise<void> {
  const { now = Date.now, onNotice, onProgress } = options;
  const replaced = new Set<string>();
  let plan = what instanceof PreparedPlan ? what : null;
  for (;;) {
    if (!plan) new ProgressMeter('look', 0, 0, now, onProgress);
    plan ??= await planInstall('source' in what ? what.source : what, options);
    try {
      await carryOut(plan, files, options);
      return;
    } catch (error) {
      const url = replacedFile(error);
      if (url === null || replaced.has(url)) throw error;
      replaced.add(url);
      onNotice?.({
        kind: 'changed',
        url,
        message: `${url} was replaced on its server. Its download begins again.`,
      });
      await forget(files, plan.source.id, url);
      plan = null;
    }
  }
}

/** URL of a file that changed on its server; null for any other error. */
function replacedFile(error: unknown): string | null {
  if (!(error instanceof ModelError) || error.code !== 'changed') return null;
  const url = error.details['url'];
  return typeof url === 'string' ? url : null;
}

/** Marks all chunks that came from a URL as missing. */
async function forget(files: ModelFiles, id: string, url: string): Promise<void> {
  const journal = await readJournal(files, id);
  if (!journal) return;
  for (const { origin, chunks } of journal.files) {
    if (origin?.url !== url) continue;
    for (const chunk of chunks) chunk.sha256 = null;
  }
  journal.generation++;
  await withStorageErrors(
    files,
    () => 0,
    () => writeJournal(files, id, journal),
  );
}

/** @throws ModelError `changed` if a file is not the version that was planned */
async function carryOut(plan: PreparedPlan, files: ModelFiles, options: InstallOptions): Promise<void> {
  const { signal, connections = usualConnections, now = Date.now, onProgress, onNotice } = options;
  const { id } = plan.source;
  signal?.throwIfAborted();
  const found = await readJournal(files, id);
  const before = found && !leftOver(found, plan) ? found : null;
  if (!before) {
    await withStorageErrors(
      files,
      () => 0,
      () => files.remove(id),
    );
  }
  const journal = resumed(plan, before, options);
  await checkFreeSpace(plan, files);

  const there = bytesStored(journal);
  if (there > 0) {
    await verifyChunks(files, journal, new ProgressMeter('verify', 0, there, now, onProgress), signal);
  }
  const missing = missingChunks(plan, journal);
  const toCome = missing.reduce((sum, { chunk }) => sum + chunk.download, 0);
  const progress = new ProgressMeter(
    'download',
    plan.downloadBytes - toCome,
    plan.downloadBytes,
    now,
    onProgress,
  );
  const writer = new ChunkWriter(files, journal, now);
  const large = createQueue();
  try {
    await writer.save();
    await inParallel(coalesce(missing, connections), connections, signal, (range, stop) => {
      if ('chunk' in range) return makeChunk(range, writer, progress, large, stop);
      noticeRefetch(range, onNotice);
      return fetchRange(range, writer, progress, stop);
    });
    await writer.finish();
  } catch (error) {
    // If the disk is too full even for the journal, unsaved chunks are fetched again next time.
    await writer.save().catch(() => undefined);
    throw error;
  } finally {
    await writer.close();
  }
}

/** Notifies that bytes will be fetched again because the server does not support ranges. */
function noticeRefetch(
  [first, ...others]: readonly MissingChunk<RangeChunk>[],
  onNotice: InstallOptions['onNotice'],
): void {
  const { from, chunks = [] } = first?.file ?? {};
  if (from?.inOrder !== true) return;
  if (1 + others.length >= chunks.filter(({ span }) => span !== null).length) return;
  const url = from.name;
  const message = `The server sends ${url} only from its beginning on, so what is there of it comes again.`;
  onNotice?.({ kind: 'whole', url, message });
}

/** Fetches a coalesced range by one request, and stores each chunk as soon as it is complete. */
async function fetchRange(
  range: readonly MissingChunk<RangeChunk>[],
  writer: ChunkWriter,
  progress: ProgressMeter,
  signal: AbortSignal,
): Promise<void> {
  const [first, last] = [range[0], range.at(-1)];
  if (!first?.file.from || !last) return;
  const stream = first.file.from.stream(first.chunk.span.begin, last.chunk.span.end, signal);
  let at = first.chunk.span.begin;
  try {
    for (const { file, chunk, entry } of range) {
      await stream.skip(chunk.span.begin - at);
      at = chunk.span.end;
      let come = 0;
      try {
        const bytes = await stream.next(chunk.download, (count) => {
          come += count;
          progress.add(count);
        });
        const stored = await chunk.make(bytes, signal);
        await writer.write(file.name, entry, stored);
        freeNow(bytes);
        freeNow(stored);
      } catch (error) {
        progress.add(-come);
        throw error;
      }
    }
  } finally {
    await stream.close();
  }
}

/** Makes a chunk whose source bytes are unknown. */
async function makeChunk(
  { file, chunk, entry }: MissingChunk<UnrangedChunk>,
  writer: ChunkWriter,
  progress: ProgressMeter,
  large: Queue,
  signal: AbortSignal,
): Promise<void> {
  const make = () => chunk.make(signal);
  const bytes = await (chunk.large ? large.run(signal, make) : make());
  await writer.write(file.name, entry, bytes);
  progress.add(chunk.download);
}

/** Journal to continue with: keeps the chunks of files with unchanged layout and origin. */
function resumed(
  plan: PreparedPlan,
  before: InstallJournal | null,
  { onNotice, now = Date.now }: InstallOptions,
): InstallJournal {
  const files = plan.files.map((file): JournalFile => {
    const known = before?.files.find(({ name }) => name === file.name);
    const origin = originOf(file);
    const sameLayout = known?.layout === file.layout && known.size === file.size;
    const usable = sameLayout && sameOrigin(known.origin, origin) ? known : null;
    if (known && !usable && origin && known.chunks.some((chunk) => chunk.sha256 !== null)) {
      const { url } = origin;
      const message = `${url} is not the file that was begun. Its download begins again.`;
      onNotice?.({ kind: 'changed', url, message });
    }
    return {
      name: file.name,
      origin,
      layout: file.layout,
      size: file.size,
      chunks: file.chunks.map(({ at, length }, index) => ({
        at,
        length,
        sha256: usable?.chunks[index]?.sha256 ?? null,
      })),
    };
  });
  return {
    version: 1,
    generation: (before?.generation ?? 0) + 1,
    source: plan.source,
    started: before?.started ?? new Date(now()).toISOString(),
    finished: before?.finished ?? null,
    downloadBytes: plan.downloadBytes,
    files,
  };
}

function sameOrigin(known: JournalFile['origin'], origin: JournalFile['origin']): boolean {
  if (!known || !origin) return known === origin;
  if (known.size !== origin.size) return false;
  // Equal ETags mean the same file, even at another URL such as a mirror.
  const tagged = known.tag !== null && origin.tag !== null;
  return tagged ? known.tag === origin.tag : known.url === origin.url;
}

/** True if the folder has files that are not in the plan. */
function leftOver(before: InstallJournal, plan: PreparedPlan): boolean {
  return before.files.some(({ name }) => !plan.files.some((file) => file.name === name));
}

/** @throws StorageError `storage-full` before anything is written */
async function checkFreeSpace(plan: PreparedPlan, files: ModelFiles): Promise<void> {
  const there = await withStorageErrors(
    files,
    () => 0,
    () => files.files(plan.source.id),
  );
  const sizes = new Map(there.map(({ name, size }) => [name, size]));
  const needed = plan.files.reduce(
    (sum, { name, size }) => sum + Math.max(0, size - (sizes.get(name) ?? 0)),
    0,
  );
  // If the browser does not report the space, writing will fail when it runs out.
  const free = await files.freeSpace().catch(() => null);
  if (free !== null && needed > free) throw storageFullError(needed, free);
}

function missingChunks(plan: PreparedPlan, journal: InstallJournal): MissingChunk[] {
  return plan.files.flatMap((file, fileIndex) =>
    file.chunks.flatMap((chunk, chunkIndex) => {
      const entry = journal.files[fileIndex]?.chunks[chunkIndex];
      return entry?.sha256 === null ? [{ file, chunk, entry }] : [];
    }),
  );
}
