/** What a file of the Export dialog will take: programs to be fetched, and bytes. Only the dialog loads this. */
import type { PictureSize } from '../formats/index.ts';
import { shotsOf } from '../project/index.ts';
import type { ExportOptions } from '../project/index.ts';
import { exportParams } from './export-params.ts';
import type { ExportNeeds, ExportRequest, ExportSources } from './export.ts';

/** Number of shots that are encoded to estimate the size of all. */
const sampledShots = 6;

/** What the file takes in this browser: see the worker's method. @throws the signal's reason when aborted */
export function needsOfExport(
  options: ExportOptions,
  { width, height }: PictureSize,
  { media }: ExportSources,
  signal: AbortSignal,
): Promise<ExportNeeds> {
  return media.call('needs', { options, width, height }, { signal });
}

/**
 * Estimates the size of a file in bytes, by linear extrapolation from files of one shot and of `sampledShots`: in many
 * formats the first frame is larger, since later ones encode only what changes.
 *
 * @throws the signal's reason when aborted
 */
export async function estimateExport(
  request: ExportRequest,
  sources: ExportSources,
  signal: AbortSignal,
): Promise<number> {
  const { options } = request;
  const params = await exportParams({ ...request, options: { ...options, limit: null } }, sources);
  const lengthOf = async (first: number) => {
    signal.throwIfAborted();
    const { bytes } = await sources.media.call('export', { ...params, target: null, first }, { signal });
    return bytes;
  };
  const count = shotsOf(request.positions.length, options).length;
  const sampled = Math.min(count, sampledShots);
  const some = await lengthOf(sampled);
  if (sampled === count) return some;
  const one = await lengthOf(1);
  return one + ((some - one) * (count - 1)) / (sampled - 1);
}
