import { documentToText, madeWithNote, startId } from '../project/index.ts';
import type { ExportRequest, ExportSources } from './export.ts';

/** Builds the parameters of the media worker's `export` method. */
export async function exportParams(
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
