import { afterAll, beforeAll, expect, vi } from 'vitest';
import { defaultExportOptions } from '../../../../src/project/index.ts';
import type { ExportOptions } from '../../../../src/project/index.ts';
import { utf8 } from '../../../support/bytes.ts';
import { PickedFile } from '../../../support/storage/picked-file.ts';
import type { Rig } from '../rig.ts';
import { Visits, testActions } from './visits.ts';
import type { Action } from './visits.ts';

const base64 = (bytes: ArrayBuffer | Uint8Array) => Buffer.from(new Uint8Array(bytes)).toString('base64');

/** Options that differ from the default ones; `tight` sets a size limit that the first attempt exceeds. */
type Change = Partial<ExportOptions> & { readonly tight?: true };

async function save(
  { stores: { exporter } }: Rig,
  { tight, ...change }: Change,
  target: PickedFile | null,
): Promise<void> {
  const options = { ...defaultExportOptions, ...change };
  const request = { options, positions: [1, 2] };
  if (!tight) {
    await exporter.save(request, target);
    return;
  }
  const limit = (await unlimited(options)) - 1;
  await exporter.save({ ...request, options: { ...options, limit } }, target);
  const { written } = exporter.getState();
  if (!written) return;
  expect(written.bytes).toBeLessThanOrEqual(limit);
  expect(written.width, 'more than one attempt was needed').toBeLessThan(64 * options.scale);
}

const lengths = new Map<string, Promise<number>>();

/** Length of the same file without a limit, exported on another device. */
function unlimited(options: ExportOptions): Promise<number> {
  const key = JSON.stringify(options);
  const length =
    lengths.get(key) ??
    (async () => {
      const { stores } = await new Visits().withStoredFrames();
      await stores.exporter.save({ options, positions: [1, 2] }, null);
      return stores.exporter.getState().written?.bytes ?? Number.NaN;
    })();
  lengths.set(key, length);
  return length;
}

/** Exports both frames from the Export dialog as a download. The result is compared byte by byte. */
function saving(name: string, change: Change): Action {
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

/** Exports both frames to a file chosen in a save picker, a new one each time. */
function savingTo(name: string, change: Change, contents: string): Action {
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
      // An empty file created by the picker is removed, unless removing fails too.
      const left = target.bytes && new TextDecoder().decode(target.bytes);
      expect(contents === '' ? [null, ''] : [contents], 'previous contents of the file').toContain(left);
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
  saving('saving a GIF within a limit', { format: 'gif', scale: 2, tight: true }),
  saving('saving an APNG', { format: 'apng' }),
  savingTo('saving a ZIP to a new file', { format: 'zip' }, ''),
  savingTo('saving a GIF over another file', { format: 'gif' }, 'another picture'),
  savingTo('saving a GIF within a limit to a new file', { format: 'gif', scale: 2, tight: true }, ''),
]);
