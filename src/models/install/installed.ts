import type { OpenedModel, OpenOptions } from '../open.ts';
import type { ModelFiles } from './files.ts';
import type { Damage, InstalledModel, VerifyOptions } from './types.ts';

/** The models in a store, in the order of their names. Folders without a readable ledger are left out. */
export function listInstalled(files: ModelFiles): Promise<InstalledModel[]> {
  return Promise.reject(new Error(String(files)));
}

/**
 * Reads a model back and compares every piece with its checksum. What is wrong is noted in the ledger, so that
 * `install` fetches that alone.
 *
 * @returns what is wrong; nothing for a model that is whole
 * @throws ModelError `not-installed`, or the signal's reason
 */
export function verifyInstalled(
  files: ModelFiles,
  id: string,
  options: VerifyOptions = {},
): Promise<Damage[]> {
  return Promise.reject(new Error(`${id} ${String(files)} ${String(options)}`));
}

/**
 * Opens an installed model from disk, once its checksums are verified.
 *
 * @throws ModelError `not-installed`, `model-partial` or `model-damaged`, and what `openModel` throws
 */
export function openInstalled(
  files: ModelFiles,
  id: string,
  options: OpenOptions & VerifyOptions = {},
): Promise<OpenedModel> {
  return Promise.reject(new Error(`${id} ${String(files)} ${String(options)}`));
}

/** Removes a model from the store; there need be none. */
export function removeInstalled(files: ModelFiles, id: string): Promise<void> {
  return files.remove(id);
}
