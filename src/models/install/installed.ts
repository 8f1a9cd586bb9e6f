import { ModelError } from '../../base/index.ts';
import { parseJson } from '../json.ts';
import { parseManifest } from '../manifest.ts';
import { openParts } from '../open.ts';
import type { ModelFolder, OpenedModel, OpenOptions } from '../open.ts';
import { bytesStored, verifyChunks } from './check.ts';
import type { ModelFiles } from './files.ts';
import { layout } from './layout.ts';
import { readJournal, writeJournal } from './journal-file.ts';
import type { InstallJournal } from './journal.ts';
import { ProgressMeter } from './progress.ts';
import { withStorageErrors } from './storage-errors.ts';
import type { DamagedChunk, StoredModel, VerifyOptions } from './types.ts';

/**
 * Lists installed models by name. Folders without a readable journal are skipped.
 *
 * @throws StorageError `storage-unavailable`
 */
export async function listInstalled(files: ModelFiles): Promise<StoredModel[]> {
  const ids = await withStorageErrors(
    files,
    () => 0,
    () => files.list(),
  );
  const found = await Promise.all(
    ids.map(async (id): Promise<StoredModel | null> => {
      const journal = await readJournal(files, id);
      if (!journal) return null;
      const there = await withStorageErrors(
        files,
        () => 0,
        () => files.files(id),
      );
      const sizes = new Map(there.map(({ name, size }) => [name, size]));
      const { name, description, licence, licenceUrl = null, page = null } = journal.source;
      return {
        id,
        name,
        description,
        licence,
        licenceUrl,
        page,
        state: stateOf(journal, sizes),
        bytes: [...sizes.values()].reduce((sum, size) => sum + size, 0),
        storedBytes: journal.files.reduce((sum, file) => sum + file.size, 0),
        date: journal.finished ?? journal.started,
        source: journal.source,
      };
    }),
  );
  return found.filter((model) => model !== null).sort((a, b) => a.name.localeCompare(b.name));
}

/** State according to journal and file sizes, without reading files. */
function stateOf(journal: InstallJournal, sizes: ReadonlyMap<string, number>): StoredModel['state'] {
  const whole = journal.files.every(
    ({ name, size, chunks }) => sizes.get(name) === size && chunks.every((chunk) => chunk.sha256 !== null),
  );
  if (whole && journal.finished !== null) return 'complete';
  return journal.finished === null ? 'partial' : 'damaged';
}

/**
 * Verifies the checksum of every chunk of a model. Damage is recorded in the journal, so that `install` fetches only that.
 *
 * @returns the damaged chunks
 * @throws ModelError `not-installed`, or the signal's reason
 */
export async function verifyInstalled(
  files: ModelFiles,
  id: string,
  options: VerifyOptions = {},
): Promise<DamagedChunk[]> {
  return verify(files, await journalOf(files, id), options);
}

async function verify(
  files: ModelFiles,
  journal: InstallJournal,
  options: VerifyOptions,
): Promise<DamagedChunk[]> {
  const { signal, onProgress, now = Date.now } = options;
  const progress = new ProgressMeter('verify', 0, bytesStored(journal), now, onProgress);
  const damage = await verifyChunks(files, journal, progress, signal);
  if (damage.length > 0) {
    journal.generation++;
    await withStorageErrors(
      files,
      () => 0,
      () => writeJournal(files, journal.source.id, journal),
    );
  }
  return damage;
}

/**
 * Verifies an installed model and opens it from storage. Files are read lazily.
 *
 * @throws ModelError `not-installed`, `model-partial` or `model-damaged`, and what `openModel` throws
 */
export async function openInstalled(
  files: ModelFiles,
  id: string,
  options: OpenOptions & VerifyOptions = {},
): Promise<OpenedModel> {
  const journal = await journalOf(files, id);
  const { name } = journal.source;
  if (journal.finished === null) {
    throw new ModelError('model-partial', `${name} has not been downloaded whole yet.`, {
      remedy: 'Resume its download, then use it.',
      details: { id },
    });
  }
  const damage = await verify(files, journal, options);
  const missing = journal.files.flatMap(({ chunks }) => chunks).filter((chunk) => chunk.sha256 === null);
  if (missing.length > 0) {
    throw new ModelError(
      'model-damaged',
      `${name} is damaged on this device: ${missing.length} of its chunks do not match their checksums.`,
      {
        remedy: 'Download it again: only what is damaged is fetched.',
        details: { id, chunks: missing.length, file: damage[0]?.file ?? null },
      },
    );
  }
  const folder = storedFolder(files, id);
  const manifest = await folder.open(layout.manifest, options.signal);
  const json = parseJson(manifest.name, await manifest.read(0, manifest.size, options.signal));
  return openParts(folder, parseManifest(manifest.name, json), options);
}

/** Lazy access to a model's stored files. */
function storedFolder(files: ModelFiles, id: string): ModelFolder {
  return {
    async open(path) {
      const file = await withStorageErrors(
        files,
        () => 0,
        () => files.open(id, path),
      );
      if (file) return file;
      throw new ModelError('not-found', `${path} is missing in the model ${id}.`, {
        remedy: 'Download the model again: only what is missing is fetched.',
        details: { id, path },
      });
    },
  };
}

/**
 * Removes a model, if it exists.
 *
 * @throws StorageError `storage-unavailable`, for example during its download
 */
export function removeInstalled(files: ModelFiles, id: string): Promise<void> {
  return withStorageErrors(
    files,
    () => 0,
    () => files.remove(id),
  );
}

async function journalOf(files: ModelFiles, id: string): Promise<InstallJournal> {
  const journal = await readJournal(files, id);
  if (journal) return journal;
  throw new ModelError('not-installed', `There is no model called ${id} on this device.`, {
    remedy: 'Download it first.',
    details: { id },
  });
}
