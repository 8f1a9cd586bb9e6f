import { describe, expect, it } from 'vitest';
import { branchesOf } from '../../../src/project/index.ts';
import { entryOf, showOnBranch } from '../../../src/store/branch-walk.ts';
import { Rig, until } from './rig.ts';

/** Three frames 1 – 2 – 3, of which the first was gone back to, and from it others: 4 – 5 – 6. */
async function twoWays(): Promise<Rig> {
  const rig = new Rig();
  await rig.ready();
  await rig.stores.generation.generate();
  rig.stores.animation.goBackTo(1);
  await rig.stores.generation.generate();
  return rig;
}

const shown = ({ stores }: Rig) => stores.animation.getState().frames.map(({ id }) => id);

describe('walking branches', () => {
  it('plays a branch from where it differs, and is undone', async () => {
    const rig = await twoWays();
    const { animation, history, player } = rig.stores;
    const before = shown(rig);
    const [main] = branchesOf(animation.getState().tree);
    if (!main) throw new Error('there is a branch');
    const entry = entryOf(main, (id) => before.includes(id));
    showOnBranch(rig.stores, main, entry);
    expect(shown(rig)).toEqual([1, 2, 3]);
    expect(player.getState().position).toBe(2);
    // What is played already is only shown.
    showOnBranch(rig.stores, main, 3);
    expect(player.getState().position).toBe(3);
    await history.undo();
    expect(shown(rig)).toEqual(before);
  });

  it('waits for the end of a run', async () => {
    const rig = await twoWays();
    const { animation, generation } = rig.stores;
    const running = generation.generate();
    await until(generation, ({ run }) => run?.phase === 'running');
    const [main] = branchesOf(animation.getState().tree);
    if (main) showOnBranch(rig.stores, main, 2);
    await running;
    expect(shown(rig).slice(0, 2)).toEqual([1, 4]);
  });
});
