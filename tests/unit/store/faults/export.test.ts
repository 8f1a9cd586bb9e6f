import { defaultExportOptions } from '../../../../src/project/index.ts';
import type { ExportOptions } from '../../../../src/project/index.ts';
import { testActions } from './visits.ts';
import type { Action } from './visits.ts';

/** Saves both frames from the Export dialog, as a download. What comes of it is the file, byte for byte. */
function saving(name: string, change: Partial<ExportOptions>): Action {
  return {
    name,
    before: (visits) => visits.withStoredFrames(),
    act: ({ stores }) =>
      stores.exporter.save({ options: { ...defaultExportOptions, ...change }, positions: [1, 2] }, null),
    result: async ({ saved }) => {
      const bytes = await saved.at(-1)?.file.arrayBuffer();
      return bytes && Buffer.from(bytes).toString('base64');
    },
  };
}

testActions([
  saving('saving a ZIP', { format: 'zip' }),
  saving('saving a GIF', { format: 'gif' }),
  saving('saving an APNG', { format: 'apng' }),
]);
