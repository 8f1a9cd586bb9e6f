/** Writing and measuring files for the Export dialog; loaded lazily on first use. */
import { removeEmpty } from '../base/index.ts';
import { documentToText, madeWithNote, shotsOf, startId } from '../project/index.ts';
import type { ExportRequest, ExportSources, WrittenFile } from './export.ts';

/** Builds the parameters of the media worker's `export` method. */
async function paramsOf(
  { options, positions }: ExportRequest,
  { animation, settings, picturesAt }: ExportSources,
) {
  const { frames: all, tree } = animation.getState();
  const made = positions.flatMap((position) => tree.nodes.get(all.at(position - 1)?.id ?? startId) ?? []);
  const models = [...new Set(made.flatMap(({ model }) => (model === '' ? [] : [model])))];
  const used = made.at(-1)?.settings ?? settings.getState().values;
  const document = options.includeHow && options.format === 'zip' ? animation.document() : null;
  const { source, frames } = await picturesAt(positions);
  return {
    source: { ...source, held: [...source.held] },
    frames,
    options,
    note: options.includeHow ? madeWithNote({ models, settings: used, frames: made.length }) : null,
    document: document && documentToText(document),
  };
}

/** Writes a file, streaming to `target` if it is not null. */
export async function exported(
  request: ExportRequest,
  target: FileSystemFileHandle | null,
  sources: ExportSources,
  call: {
    readonly signal: AbortSignal;
    readonly onEvent: (event: { readonly done: number; readonly of: number }) => void;
  },
): Promise<Omit<WrittenFile, 'name'>> {
  try {
    const params = await paramsOf(request, sources);
    call.signal.throwIfAborted();
    const { file, bytes, width, height } = await sources.media.call(
      'export',
      { ...params, target, first: null },
      call,
    );
    return { file, bytes, width, height };
  } catch (error) {
    // The worker removes only what it has begun to write.
    if (target) await removeEmpty(target);
    throw error;
  }
}

/** Number of shots that are encoded to estimate the size of all. */
const sampledShots = 6;

/**
 * Estimates the size of a file in bytes, by linear extrapolation from files of one shot and of `sampledShots`: in many
 * formats the first frame is larger, since later ones encode only what changes.
 */
export async function measured(
  request: ExportRequest,
  sources: ExportSources,
  signal: AbortSignal,
): Promise<number> {
  const { options } = request;
  const params = await paramsOf({ ...request, options: { ...options, limit: null } }, sources);
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
