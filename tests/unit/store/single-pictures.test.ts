import { describe, expect, it, vi } from 'vitest';
import { Rig } from './rig.ts';

const messages = (rig: Rig) =>
  rig.stores.notices.getState().notices.map(({ message, kind }) => [kind, message]);

async function withFrame(): Promise<Rig> {
  const rig = new Rig();
  await rig.ready();
  rig.stores.settings.set({ frames: 1 });
  await rig.stores.generation.generate();
  return rig;
}

describe('single pictures', () => {
  it('copies and saves the start picture and frames as PNG', async () => {
    const rig = await withFrame();
    const { singlePictures } = rig.stores;
    await singlePictures.copy?.(1);
    expect(rig.copiedPicture?.type).toBe('image/png');
    expect(messages(rig)).toContainEqual(['info', 'Frame 1 is copied.']);
    await singlePictures.copy?.(0);
    expect(messages(rig)).toContainEqual(['info', 'The start picture is copied.']);

    await singlePictures.save(0);
    await singlePictures.save(1);
    expect(rig.saved.map(({ name, file }) => [name, file.type])).toEqual([
      ['drift-start.png', 'image/png'],
      ['drift-0001.png', 'image/png'],
    ]);
  });

  it('says that the browser refused to copy, and how to get the picture anyway', async () => {
    const rig = await withFrame();
    rig.clipboard = null;
    await rig.stores.singlePictures.copy?.(1);
    expect(messages(rig)).toContainEqual(['error', 'The browser did not let Drift copy the picture.']);
    expect(rig.stores.notices.getState().notices.at(-1)?.remedy).toMatch(/save the picture/);
  });

  it('says why a picture cannot be read, whether it is copied or saved', async () => {
    const rig = await withFrame();
    vi.spyOn(rig.stores.pictures, 'encode').mockRejectedValue(new Error('The disk is on fire.'));
    for (const act of [rig.stores.singlePictures.copy, rig.stores.singlePictures.save]) {
      rig.stores.notices.dismissTopic('picture file');
      await act?.(1);
      const said = messages(rig);
      expect(said).toHaveLength(1);
      expect(said[0]?.[0]).toBe('error');
      expect(said[0]?.[1]).not.toMatch(/did not let Drift copy/);
    }
    expect(rig.saved).toEqual([]);
  });
});
