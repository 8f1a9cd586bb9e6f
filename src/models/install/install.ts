import type { ModelFiles } from './files.ts';
import type { ModelSource } from './source.ts';
import type { InstallOptions, InstallPlan } from './types.ts';

/**
 * Installs a model, goes on where the last attempt stopped, or mends what is damaged. Pausing is aborting: what is
 * finished stays. Pieces that are there are read back and compared before they are counted.
 *
 * @param what - a source, or the plan that `planInstall` made of it
 * @throws ModelError or CheckpointError saying which file is wrong; StorageError `storage-full` with `needed` and
 *   `free`; or the signal's reason
 */
export function install(
  what: ModelSource | InstallPlan,
  files: ModelFiles,
  options: InstallOptions = {},
): Promise<void> {
  return Promise.reject(new Error(`${String(what)} ${String(files)} ${String(options)}`));
}
