import { describe, expect, it } from 'vitest';
import type { ExportKind } from '../../../src/store/index.ts';
import { Rig, until, valuesOf } from './rig.ts';

async function deletedWhileWriting(kind: ExportKind) {
  const rig = new Rig();
  await rig.ready();
  rig.stores.settings.set({ frames: 3, steps: 1 });
  await rig.stores.generation.generate();
  await rig.stores.autosave.whenSettled();
  const values = await valuesOf(rig);
  const { exporter, projects, animation, notices } = rig.stores;
  rig.encoding.shut();
  const written = exporter.download(kind);
  await projects.remove(animation.getState().project?.id ?? '');
  notices.dismissTopic('deleted');
  await projects.refresh();
  return { rig, values, written };
}

describe('a project deleted permanently during a download', () => {
  it.each(['zip', 'gif', 'mp4'] as const)(
    'is complete in the file, and its stored files are deleted afterwards: %s',
    async (kind) => {
      const { rig, values, written } = await deletedWhileWriting(kind);
      rig.encoding.open();
      await written;
      expect(rig.encoded.at(-1)?.values).toEqual(values);
      expect(rig.saved).toHaveLength(1);
      expect(rig.stores.notices.getState().notices).toEqual([]);
      await until(rig.stores.exporter, ({ job }) => job === null);
      await expect.poll(() => rig.device.files.names()).toEqual([]);
    },
  );

  it('has its stored files deleted immediately when the download is cancelled', async () => {
    const { rig, written } = await deletedWhileWriting('zip');
    expect(rig.device.files.names()).not.toEqual([]);
    rig.stores.exporter.cancel();
    await written;
    await expect.poll(() => rig.device.files.names()).toEqual([]);
    expect(rig.saved).toEqual([]);
  });
});
