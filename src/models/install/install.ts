import { ModelError, createQueue, freeNow } from '../../base/index.ts';
import type { Queue } from '../../base/index.ts';
import { bytesThere, checkPieces } from './check.ts';
import type { ModelFiles } from './files.ts';
import { PieceKeeper } from './keeping.ts';
import { readLedger, writeLedger } from './ledger-file.ts';
import type { Ledger, LedgerFile } from './ledger.ts';
import { inParallel } from './parallel.ts';
import { originOf } from './pieces.ts';
import type { ReadPiece, SpanPiece } from './pieces.ts';
import { PreparedPlan, planInstall } from './plan.ts';
import { ProgressMeter } from './progress.ts';
import type { ModelSource } from './source.ts';
import { storageFull, storing } from './storing.ts';
import { stretchesOf } from './stretches.ts';
import type { Missing } from './stretches.ts';
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
  const ledger = await readLedger(files, id);
  if (!ledger) return;
  for (const { origin, pieces } of ledger.files) {
    if (origin?.url !== url) continue;
    for (const piece of pieces) piece.sha256 = null;
  }
  ledger.generation++;
  await storing(
    files,
    () => 0,
    () => writeLedger(files, id, ledger),
  );
}

/** @throws ModelError `changed` if a file is not the version that was planned */
async function carryOut(plan: PreparedPlan, files: ModelFiles, options: InstallOptions): Promise<void> {
  const { signal, connections = usualConnections, now = Date.now, onProgress, onNotice } = options;
  const { id } = plan.source;
  signal?.throwIfAborted();
  const found = await readLedger(files, id);
  const before = found && !leftOver(found, plan) ? found : null;
  if (!before) {
    await storing(
      files,
      () => 0,
      () => files.remove(id),
    );
  }
  const ledger = goOn(plan, before, options);
  await askForRoom(plan, files);

  const there = bytesThere(ledger);
  if (there > 0) {
    await checkPieces(files, ledger, new ProgressMeter('verify', 0, there, now, onProgress), signal);
  }
  const missing = missingPieces(plan, ledger);
  const toCome = missing.reduce((sum, { piece }) => sum + piece.download, 0);
  const progress = new ProgressMeter(
    'download',
    plan.downloadBytes - toCome,
    plan.downloadBytes,
    now,
    onProgress,
  );
  const keeper = new PieceKeeper(files, ledger, now);
  const large = createQueue();
  try {
    await keeper.save();
    await inParallel(stretchesOf(missing, connections), connections, signal, (stretch, stop) => {
      if ('piece' in stretch) return makeOne(stretch, keeper, progress, large, stop);
      tellOfRepetition(stretch, onNotice);
      return makeStretch(stretch, keeper, progress, stop);
    });
    await keeper.finish();
  } catch (error) {
    // If the disk is too full even for the journal, unsaved chunks are fetched again next time.
    await keeper.save().catch(() => undefined);
    throw error;
  } finally {
    await keeper.close();
  }
}

/** Notifies that bytes will be fetched again because the server does not support ranges. */
function tellOfRepetition(
  [first, ...others]: readonly Missing<SpanPiece>[],
  onNotice: InstallOptions['onNotice'],
): void {
  const { from, pieces = [] } = first?.file ?? {};
  if (from?.inOrder !== true) return;
  if (1 + others.length >= pieces.filter(({ span }) => span !== null).length) return;
  const url = from.name;
  const message = `The server sends ${url} only from its beginning on, so what is there of it comes again.`;
  onNotice?.({ kind: 'whole', url, message });
}

/** Fetches a coalesced range by one request, and stores each chunk as soon as it is complete. */
async function makeStretch(
  stretch: readonly Missing<SpanPiece>[],
  keeper: PieceKeeper,
  progress: ProgressMeter,
  signal: AbortSignal,
): Promise<void> {
  const [first, last] = [stretch[0], stretch.at(-1)];
  if (!first?.file.from || !last) return;
  const stream = first.file.from.stream(first.piece.span.begin, last.piece.span.end, signal);
  let at = first.piece.span.begin;
  try {
    for (const { file, piece, entry } of stretch) {
      await stream.skip(piece.span.begin - at);
      at = piece.span.end;
      let come = 0;
      try {
        const bytes = await stream.next(piece.download, (count) => {
          come += count;
          progress.add(count);
        });
        const stored = await piece.make(bytes, signal);
        await keeper.write(file.name, entry, stored);
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
async function makeOne(
  { file, piece, entry }: Missing<ReadPiece>,
  keeper: PieceKeeper,
  progress: ProgressMeter,
  large: Queue,
  signal: AbortSignal,
): Promise<void> {
  const make = () => piece.make(signal);
  const bytes = await (piece.large ? large.run(signal, make) : make());
  await keeper.write(file.name, entry, bytes);
  progress.add(piece.download);
}

/** Journal to continue with: keeps the chunks of files with unchanged layout and origin. */
function goOn(
  plan: PreparedPlan,
  before: Ledger | null,
  { onNotice, now = Date.now }: InstallOptions,
): Ledger {
  const files = plan.files.map((file): LedgerFile => {
    const known = before?.files.find(({ name }) => name === file.name);
    const origin = originOf(file);
    const sameLayout = known?.layout === file.layout && known.size === file.size;
    const usable = sameLayout && sameOrigin(known.origin, origin) ? known : null;
    if (known && !usable && origin && known.pieces.some((piece) => piece.sha256 !== null)) {
      const { url } = origin;
      const message = `${url} is not the file that was begun. Its download begins again.`;
      onNotice?.({ kind: 'changed', url, message });
    }
    return {
      name: file.name,
      origin,
      layout: file.layout,
      size: file.size,
      pieces: file.pieces.map(({ at, length }, index) => ({
        at,
        length,
        sha256: usable?.pieces[index]?.sha256 ?? null,
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

function sameOrigin(known: LedgerFile['origin'], origin: LedgerFile['origin']): boolean {
  if (!known || !origin) return known === origin;
  if (known.size !== origin.size) return false;
  // Equal ETags mean the same file, even at another URL such as a mirror.
  const tagged = known.tag !== null && origin.tag !== null;
  return tagged ? known.tag === origin.tag : known.url === origin.url;
}

/** True if the folder has files that are not in the plan. */
function leftOver(before: Ledger, plan: PreparedPlan): boolean {
  return before.files.some(({ name }) => !plan.files.some((file) => file.name === name));
}

/** @throws StorageError `storage-full` before anything is written */
async function askForRoom(plan: PreparedPlan, files: ModelFiles): Promise<void> {
  const there = await storing(
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
  const free = await files.room().catch(() => null);
  if (free !== null && needed > free) throw storageFull(needed, free);
}

function missingPieces(plan: PreparedPlan, ledger: Ledger): Missing[] {
  return plan.files.flatMap((file, index) =>
    file.pieces.flatMap((piece, place) => {
      const entry = ledger.files[index]?.pieces[place];
      return entry?.sha256 === null ? [{ file, piece, entry }] : [];
    }),
  );
}
