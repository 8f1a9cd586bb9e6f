import { describe, expect, it } from 'vitest';
import { moreRepeats } from '../../../src/store/stuck.ts';
import { Rig, insight, until } from './rig.ts';

const alike = { ...insight, predecessor: 1, start: 1, earlier: Array<number>(11).fill(1) };

/** Appends frames with these insights, one by one. */
async function make(rig: Rig, frames: number, measured: typeof insight): Promise<void> {
  rig.insight = measured;
  rig.stores.settings.set({ frames });
  await rig.stores.generation.generate();
}

const notices = (rig: Rig) => rig.stores.notices.getState().notices;
const press = (rig: Rig, label: RegExp) => {
  const action = notices(rig)[0]?.actions.find((candidate) => label.test(candidate.label));
  if (!action) throw new Error(`nothing is called ${label.source}`);
  action.run();
};

async function stuckRig(): Promise<Rig> {
  const rig = new Rig();
  await rig.ready();
  await make(rig, 5, insight);
  await make(rig, 10, alike);
  return rig;
}

describe('stuck detection', () => {
  it('reports once, while generation continues', async () => {
    const rig = new Rig();
    await rig.ready();
    rig.nextFrame.shut();
    const running = make(rig, 20, alike);
    await until(rig.stores.animation, ({ frames }) => frames.length === 1);
    expect(notices(rig)).toEqual([]);
    rig.nextFrame.open();
    await until(rig.stores.notices, (state) => state.notices.length > 0);
    await running;
    expect(rig.stores.animation.getState().frames).toHaveLength(20);
    expect(notices(rig)).toMatchObject([
      {
        kind: 'info',
        message: 'The frames have stopped changing.',
        actions: [
          { label: 'More guidance (15 repeats)' },
          { label: 'New seed' },
          { label: 'Go back to the start' },
        ],
      },
    ]);
  });

  it('does not report again until the frames have changed for a while', async () => {
    const rig = await stuckRig();
    const [{ id } = { id: NaN }] = notices(rig);
    rig.stores.notices.dismiss(id);
    await make(rig, 2, insight);
    await make(rig, 12, alike);
    expect(notices(rig)).toEqual([]);
    await make(rig, 12, insight);
    await make(rig, 12, alike);
    expect(notices(rig)).toHaveLength(1);
  });

  it('withdraws the notice when the frames change again', async () => {
    const rig = await stuckRig();
    expect(notices(rig)).toHaveLength(1);
    await make(rig, 12, insight);
    expect(notices(rig)).toEqual([]);
  });

  it('is reset with the animation', async () => {
    const rig = await stuckRig();
    rig.stores.animation.startOver();
    expect(notices(rig).map(({ topic }) => topic)).toEqual(['frames']);
    await make(rig, 10, alike);
    expect(notices(rig).map(({ topic }) => topic)).toEqual(['stuck']);
  });

  it('offers more guidance, another seed, or going back to before it got stuck', async () => {
    const guided = await stuckRig();
    press(guided, /^More guidance/);
    expect(guided.stores.settings.getState().values.repeats).toBe(15);
    const seeded = await stuckRig();
    press(seeded, /^New seed/);
    expect(seeded.stores.settings.getState().values.seed).toBe(123_456);
    const back = await stuckRig();
    press(back, /^Go back to frame 4$/);
    expect(back.stores.player.getState().position).toBe(4);
    expect(back.stores.animation.getState().frames).toHaveLength(4);
    expect(back.stores.animation.getState().tree.nodes.size, 'no frame is lost').toBe(15);
    for (const rig of [guided, seeded, back]) expect(notices(rig)).toEqual([]);
  });
});

describe('going back during a run', () => {
  it('stops the run, so that no frame is appended', async () => {
    const rig = new Rig();
    await rig.ready();
    await make(rig, 8, alike);
    rig.nextFrame.shut();
    const running = make(rig, 5, alike);
    await until(rig.stores.animation, ({ frames }) => frames.length === 9);
    press(rig, /^Go back to the start$/);
    rig.nextFrame.open();
    await running;
    expect(rig.stores.animation.getState().frames).toHaveLength(0);
    expect(rig.stores.generation.getState().run).toBeNull();
  });
});

describe('moreRepeats', () => {
  it('is half as many again, at least 5 more, up to the maximum', () => {
    expect([0, 10, 40, 999].map(moreRepeats)).toEqual([5, 15, 60, 1000]);
    expect(moreRepeats(1000)).toBeNull();
  });
});
