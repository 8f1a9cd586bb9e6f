import { ModelError } from '../../base/index.ts';
import { parseJson } from '../json.ts';
import { parseManifest } from '../manifest.ts';
import { openParts } from '../open.ts';
import type { ModelFolder, OpenedModel, OpenOptions } from '../open.ts';
import { bytesThere, checkPieces } from './check.ts';
import type { ModelFiles } from './files.ts';
import { layout } from './layout.ts';
import { readLedger, writeLedger } from './ledger-file.ts';
import type { Ledger } from './ledger.ts';
import { ProgressMeter } from './progress.ts';
import { storing } from './storing.ts';
import type { Damage, StoredModel, VerifyOptions } from './types.ts';

/**
 * Lists installed models by name. Folders without a readable journal are skipped.
 *
 * @throws StorageError `storage-unavailable`
 */
export async function listInstalled(files: ModelFiles): Promise<StoredModel[]> {
  const ids = await storing(
    files,
    () => 0,
    () => files.list(),
  );
  const found = await Promise.all(
    ids.map(async (id): Promise<StoredModel | null> => {
      const ledger = await readLedger(files, id);
      if (!ledger) return null;
      const there = await storing(
        files,
        () => 0,
        () => files.files(id),
      );
      const sizes = new Map(there.map(({ name, size }) => [name, size]));
      const { name, description, licence, licenceUrl = null, page = null } = ledger.source;
      return {
        id,
        name,
        description,
        licence,
        licenceUrl,
        page,
        state: stateOf(ledger, sizes),
        bytes: [...sizes.values()].reduce((sum, size) => sum + size, 0),
        storedBytes: ledger.files.reduce((sum, file) => sum + file.size, 0),
        date: ledger.finished ?? ledger.started,
        source: ledger.source,
      };
    }),
  );
  return found.filter((model) => model !== null).sort((a, b) => a.name.localeCompare(b.name));
}

/** State according to journal and file sizes, without reading files. */
function stateOf(ledger: Ledger, sizes: ReadonlyMap<string, number>): StoredModel['state'] {
  const whole = ledger.files.every(
    ({ name, size, pieces }) => sizes.get(name) === size && pieces.every((piece) => piece.sha256 !== null),
  );
  if (whole && ledger.finished !== null) return 'complete';
  return ledger.finished === null ? 'partial' : 'damaged';
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
): Promise<Damage[]> {
  return verify(files, await ledgerOf(files, id), options);
}

async function verify(files: ModelFiles, ledger: Ledger, options: VerifyOptions): Promise<Damage[]> {
  const { signal, onProgress, now = Date.now } = options;
  const progress = new ProgressMeter('verify', 0, bytesThere(ledger), now, onProgress);
  const damage = await checkPieces(files, ledger, progress, signal);
  if (damage.length > 0) {
    ledger.generation++;
    await storing(
      files,
      () => 0,
      () => writeLedger(files, ledger.source.id, ledger),
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
  const ledger = await ledgerOf(files, id);
  const { name } = ledger.source;
  if (ledger.finished === null) {
    throw new ModelError('model-partial', `${name} has not been downloaded whole yet.`, {
      remedy: 'Go on with its download, then use it.',
      details: { id },
    });
  }
  const damage = await verify(files, ledger, options);
  const missing = ledger.files.flatMap(({ pieces }) => pieces).filter((piece) => piece.sha256 === null);
  if (missing.length > 0) {
    throw new ModelError(
      'model-damaged',
      `${name} is damaged on this device: ${missing.length} of its pieces are not what they were.`,
      {
        remedy: 'Download it again: only what is damaged is fetched.',
        details: { id, pieces: missing.length, file: damage[0]?.file ?? null },
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
      const file = await storing(
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
  return storing(
    files,
    () => 0,
    () => files.remove(id),
  );
}

async function ledgerOf(files: ModelFiles, id: string): Promise<Ledger> {
  const ledger = await readLedger(files, id);
  if (ledger) return ledger;
  throw new ModelError('not-installed', `There is no model called ${id} on this device.`, {
    remedy: 'Download it first.',
    details: { id },
  });
}
