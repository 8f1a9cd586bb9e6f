import type { ModelSource } from './source.ts';
import type { InstallPlan, PlanOptions } from './types.ts';

/**
 * What installing a model will cost: finds the first address of each file that can be had and reads headers and
 * configurations, and no weights.
 *
 * @throws ModelError or CheckpointError for the first file that is missing or not supported; all of them are in the
 *   `errors` of its cause, an AggregateError, where there are several
 */
export function planInstall(source: ModelSource, options: PlanOptions = {}): Promise<InstallPlan> {
  return Promise.reject(new Error(`${source.id} ${String(options)}`));
}
