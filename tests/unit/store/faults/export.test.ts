import { afterAll, beforeAll, expect, vi } from 'vitest';
import { defaultExportOptions } from '../../../../src/project/index.ts';
import type { ExportOptions } from '../../../../src/project/index.ts';
import { utf8 } from '../../../support/bytes.ts';
import { PickedFile } from '../../../support/storage/picked-file.ts';
import type { Rig } from '../rig.ts';
import { testActions } from './visits.ts';
import type { Action, Visits } from './visits.ts';

const base64 = (bytes: ArrayBuffer | Uint8Array) => Buffer.from(new Uint8Array(bytes)).toString('base64');

async function save(
  { stores: { exporter } }: Rig,
  change: Partial<ExportOptions>,
  target: PickedFile | null,
): Promise<void> {
  const options = { ...defaultExportOptions, ...change };
  await exporter.save({ options, positions: [1, 2] }, target);
  const { written } = exporter.getState();
  if (!written || options.limit === null) return;
  expect(written.bytes).toBeLessThanOrEqual(options.limit);
  expect(written.width, 'it took more than one attempt').toBeLessThan(64 * options.scale);
}

/** Of 256×256, these frames need a little more. */
const limited = { format: 'gif', scale: 4, limit: 3400 } as const;

/** Saves both frames from the Export dialog, as a download. What comes of it is the file, byte for byte. */
function saving(name: string, change: Partial<ExportOptions>): Action {
  return {
    name,
    before: (visits) => visits.withStoredFrames(),
    act: (rig) => save(rig, change, null),
    result: async ({ saved }) => {
      const bytes = await saved.at(-1)?.file.arrayBuffer();
      return bytes && base64(bytes);
    },
  };
}

/** Saves both frames to a file that is chosen in a save picker, each time anew. */
function savingTo(name: string, change: Partial<ExportOptions>, contents: string): Action {
  const picked = new WeakMap<Rig, PickedFile>();
  return {
    name,
    before: (visits) => visits.withStoredFrames(),
    act: async (rig: Rig, visits: Visits) => {
      const target = new PickedFile('picked', utf8(contents), visits.device.faults);
      picked.set(rig, target);
      await save(rig, change, target);
      expect(target.writing, 'files left open').toBe(0);
      if (rig.stores.exporter.getState().written) return;
      // An empty file that the picker made is removed, unless that fails too.
      const left = target.bytes && new TextDecoder().decode(target.bytes);
      expect(contents === '' ? [null, ''] : [contents], 'what was there before').toContain(left);
    },
    result: (rig) => {
      const bytes = picked.get(rig)?.bytes;
      return bytes && base64(bytes);
    },
  };
}

beforeAll(() => {
  vi.stubGlobal('FileSystemFileHandle', PickedFile);
});
afterAll(() => {
  vi.unstubAllGlobals();
});

testActions([
  saving('saving a ZIP', { format: 'zip' }),
  saving('saving a GIF', { format: 'gif' }),
  saving('saving a GIF within a limit', limited),
  saving('saving an APNG', { format: 'apng' }),
  savingTo('saving a ZIP to a new file', { format: 'zip' }, ''),
  savingTo('saving a GIF over another file', { format: 'gif' }, 'another picture'),
  savingTo('saving a GIF within a limit to a new file', limited, ''),
]);
