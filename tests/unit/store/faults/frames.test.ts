import { createStripEdits } from '../../../../src/store/strip-edits.ts';
import { file, until } from '../rig.ts';
import { press, testActions } from './visits.ts';
import type { Action } from './visits.ts';

const actions: readonly Action[] = [
  {
    name: 'generating',
    before: (visits) => visits.withStoredFrames(),
    act: ({ stores }) => stores.generation.generate(),
  },
  {
    name: 'making smooth frames',
    before: (visits) => visits.withStoredFrames(),
    act: async ({ stores }) => {
      stores.settings.set({ mode: 'smooth', frames: 2, intermediate: 2 });
      await stores.generation.generate();
    },
  },
  {
    name: 'picking',
    before: (visits) => visits.withStoredFrames(),
    act: async ({ stores: { pick } }) => {
      await pick.begin();
      await pick.take(1);
      pick.stop();
    },
  },
  {
    name: 'picking another variant of the last frame',
    before: (visits) => visits.withStoredFrames(),
    act: async ({ stores: { pick, animation } }) => {
      if (animation.getState().frames.length === 2) await pick.back();
      if (!pick.getState().round) await pick.begin();
      await pick.take(1);
      pick.stop();
    },
    deletes: true,
  },
  {
    name: 'going back and continuing',
    before: (visits) => visits.withStoredFrames(),
    act: async ({ stores: { animation, generation } }) => {
      animation.goBackTo(1);
      await generation.generate();
    },
    deletes: true,
  },
  {
    name: 'deleting frames',
    before: (visits) => visits.withFrames(),
    act: ({ stores: { animation } }) => {
      animation.removeFrom(2);
    },
    deletes: true,
  },
  {
    name: 'deleting all frames, another size, and Undo',
    before: (visits) => visits.withFrames(),
    act: async (rig) => {
      rig.stores.animation.removeFrom(1);
      rig.stores.settings.set({ width: 128 });
      await rig.stores.animation.whenRead();
      press(rig, 'Bring back');
    },
  },
  {
    name: 'choosing another start picture',
    before: (visits) => visits.withFrames(),
    act: ({ stores }) => stores.animation.chooseStart(file('64x64:9'), 'other.png'),
  },
  {
    name: 'choosing another start picture and generating, without Undo',
    before: (visits) => visits.withFrames(),
    act: async ({ stores: { animation, generation, settings } }) => {
      settings.set({ frames: 1 });
      await animation.chooseStart(file('64x64:9'), 'other.png');
      await generation.generate();
    },
  },
  {
    name: 'choosing another start picture and Undo',
    before: (visits) => visits.withFrames(),
    act: async (rig) => {
      await rig.stores.animation.chooseStart(file('64x64:9'), 'other.png');
      press(rig, 'Bring back');
      await until(rig.stores.animation, ({ frames }) => frames.length === 2);
    },
  },
  {
    name: 'choosing another start picture, Undo and Redo',
    before: (visits) => visits.withFrames(),
    act: async ({ stores: { animation, history } }) => {
      await animation.chooseStart(file('64x64:9'), 'other.png');
      await history.undo();
      await history.redo();
    },
  },
  {
    name: 'deleting frames, Undo and Redo',
    before: (visits) => visits.withFrames(),
    act: async ({ stores: { animation, history } }) => {
      animation.removeFrom(2);
      await history.undo();
      await history.redo();
    },
    deletes: true,
  },
  {
    name: 'generating, Undo and Redo',
    before: (visits) => visits.withStoredFrames(),
    act: async ({ stores: { generation, history } }) => {
      await generation.generate();
      await history.undo();
      await history.redo();
    },
  },
  {
    name: 'edits of the strip, Undo and Redo',
    before: (visits) => visits.withStoredFrames(),
    act: async ({ stores }) => {
      const edits = createStripEdits(stores);
      const { selection, history } = stores;
      // The actions may be repeated after a fault, and lead to the same result.
      stores.animation.arrange('Reset', [{ frame: 1 }, { frame: 2 }]);
      selection.select([1, 2]);
      edits.duplicate();
      selection.select([1]);
      edits.hold(4);
      edits.moveBy(1);
      selection.select([4]);
      edits.remove();
      await history.undo();
      await history.redo();
    },
    deletes: true,
  },
  {
    name: 'making a frame of the strip again',
    before: (visits) => visits.withStoredFrames(),
    act: async ({ stores: { animation, generation } }) => {
      animation.arrange('Reset', [{ frame: 1 }, { frame: 2 }]);
      await generation.remake(1, 11);
    },
    deletes: true,
  },
  {
    name: 'starting over, and another size',
    before: (visits) => visits.withStoredFrames(),
    act: async ({ stores: { animation, settings } }) => {
      animation.startOver();
      settings.set({ width: 128 });
      await animation.whenRead();
    },
    result: ({ stores }) => stores.animation.getState().start?.picture.width,
  },
];

testActions(actions);
