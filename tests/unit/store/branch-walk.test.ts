import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { branchesOf } from '../../../src/project/index.ts';
import type { Branch } from '../../../src/project/index.ts';
import { isPlayedBranch, walkBranch, walkRefusal } from '../../../src/store/branch-walk.ts';
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

/** What is played, with holds. */
const played = ({ stores }: Rig) => {
  const { leaf, order } = stores.animation.getState().tree;
  return { leaf, order };
};

const notices = ({ stores }: Rig) => stores.notices.getState().notices;

/** The branch that begins with this frame. */
function branchAt({ stores }: Rig, first: number): Branch {
  const branch = branchesOf(stores.animation.getState().tree).find(({ frames }) => frames[0] === first);
  if (!branch) throw new Error(`no branch begins with frame ${first}`);
  return branch;
}

describe('walking branches', () => {
  it('plays a branch from where it differs, and is undone', async () => {
    const rig = await twoWays();
    const { history, player } = rig.stores;
    const before = shown(rig);
    walkBranch(rig.stores, branchAt(rig, 1), null);
    expect(shown(rig)).toEqual([1, 2, 3]);
    expect(player.getState().position).toBe(2);
    // The branch that is played is only shown.
    walkBranch(rig.stores, branchAt(rig, 1), 3);
    expect(player.getState().position).toBe(3);
    expect(notices(rig)).toEqual([]);
    await history.undo();
    expect(shown(rig)).toEqual(before);
  });

  it('shows the frames that another branch shares with what is played', async () => {
    const rig = await twoWays();
    walkBranch(rig.stores, branchAt(rig, 1), 1);
    expect(shown(rig)).toEqual([1, 4, 5, 6]);
    expect(rig.stores.player.getState().position).toBe(1);
  });

  it('changes nothing on the branch that is played, whatever was edited', async () => {
    const rig = await twoWays();
    const { animation, player } = rig.stores;
    // Of 4 – 5 – 6, the second was deleted.
    animation.arrange('Delete frame', [{ frame: 1 }, { frame: 4, hold: 3 }, { frame: 6 }]);
    const before = played(rig);
    const branch = branchAt(rig, 4);
    for (const [id, position] of [
      [null, 2],
      [5, 2],
      [6, 3],
    ] as const) {
      walkBranch(rig.stores, branch, id);
      expect(player.getState().position).toBe(position);
      expect(played(rig)).toEqual(before);
    }
  });

  it('brings back the same edited order by one undo, and by the notice that says so', async () => {
    const rig = await twoWays();
    const { animation, history } = rig.stores;
    const entry = fc.record({ frame: fc.integer({ min: 1, max: 6 }), hold: fc.integer({ min: 1, max: 3 }) });
    const orders = fc.array(entry, { minLength: 1, maxLength: 8 });
    let walks = 0;
    await fc.assert(
      fc.asyncProperty(orders, fc.boolean(), fc.option(fc.nat(2)), async (order, byNotice, at) => {
        animation.arrange(
          'Edit',
          order.map(({ frame, hold }) => (hold > 1 ? { frame, hold } : { frame })),
        );
        const before = played(rig);
        for (const branch of branchesOf(animation.getState().tree)) {
          walkBranch(rig.stores, branch, at === null ? null : (branch.frames[at] ?? null));
          const now = played(rig);
          if (JSON.stringify(now) === JSON.stringify(before)) {
            expect(notices(rig)).toEqual([]);
            continue;
          }
          walks++;
          expect(shown(rig).at(-1)).toBe(branch.frames.at(-1));
          expect(notices(rig).map(({ message }) => message)).toEqual(
            before.order ? ['Another branch is played. The edited order of the frames was put aside.'] : [],
          );
          const undo = notices(rig)[0]?.actions[0];
          if (byNotice && undo) undo.run();
          else await history.undo();
          expect(played(rig)).toEqual(before);
          expect(notices(rig)).toEqual([]);
        }
      }),
    );
    expect(walks).toBeGreaterThan(0);
  });

  it('no longer offers to undo once something else is played or made', async () => {
    const rig = await twoWays();
    const { animation, generation } = rig.stores;
    const walk = () => {
      animation.arrange('Hold frame', [{ frame: 1 }, { frame: 4 }, { frame: 5, hold: 2 }]);
      walkBranch(rig.stores, branchAt(rig, 1), null);
      expect(notices(rig)).toHaveLength(1);
    };
    walk();
    animation.goBackTo(1);
    expect(notices(rig)).toEqual([]);
    walk();
    const running = generation.generate();
    expect(notices(rig)).toEqual([]);
    await running;
  });

  it('is refused during a run, and says why', async () => {
    const rig = await twoWays();
    const { generation, notices, player } = rig.stores;
    const running = generation.generate();
    await until(generation, ({ run }) => run?.phase === 'running');
    walkBranch(rig.stores, branchAt(rig, 1), 2);
    expect(shown(rig).slice(0, 4)).toEqual([1, 4, 5, 6]);
    expect(notices.getState().announcement).toBe('Another branch can be played when the run is over.');
    await running;
    walkBranch(rig.stores, branchAt(rig, 1), 2);
    expect(shown(rig)).toEqual([1, 2, 3]);
    expect(player.getState().position).toBe(2);
  });

  it('is refused in a project that another tab has open', () => {
    expect(walkRefusal({ running: false, readOnly: false })).toBeNull();
    expect(walkRefusal({ running: true, readOnly: true })).toMatch(/open in another tab/);
  });

  it('knows the branch on which the animation ends', async () => {
    const rig = await twoWays();
    const { tree } = rig.stores.animation.getState();
    expect(branchesOf(tree).map((branch) => isPlayedBranch(tree, branch))).toEqual([false, true]);
  });
});
