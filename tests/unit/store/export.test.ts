import { describe, expect, it } from 'vitest';
import { defaultExportOptions } from '../../../src/project/index.ts';
import { Rig } from './rig.ts';

describe('an animation that cannot be stored', () => {
  it('counts as saved once all of its frames are exported, but not some of them', async () => {
    const rig = new Rig();
    await rig.ready();
    rig.stores.settings.set({ frames: 3, steps: 1 });
    await rig.stores.generation.generate();
    await rig.stores.autosave.whenSettled();
    const { animation, exporter } = rig.stores;
    animation.setState({ unsaved: true });
    const save = (positions: readonly number[]) =>
      exporter.save({ options: defaultExportOptions, positions }, null);
    await save([0, 1, 2]);
    expect(rig.exported).toHaveLength(1);
    expect(animation.getState().unsaved).toBe(true);
    await save([1, 2, 3]);
    expect(rig.exported).toHaveLength(2);
    expect(animation.getState().unsaved).toBe(false);
  });
});
