import { describe, expect, it } from 'vitest';
import { InputError, WorkerError } from '../../../src/base/index.ts';
import { utf8 } from '../../support/bytes.ts';
import { StoredFile } from '../../support/storage/stored-file.ts';
import { Rig, file, until } from './rig.ts';

const notices = (rig: Rig) => rig.stores.notices.getState().notices;
const frameCount = (rig: Rig) => rig.stores.animation.getState().frames.length;

describe('start picture', () => {
  it('is decoded at the size of the settings, and again when the size or the fit changes', async () => {
    const rig = new Rig();
    await rig.ready();
    const { animation, preferences, settings } = rig.stores;
    settings.set({ width: 128 });
    await animation.whenRead();
    preferences.setState({ fit: 'stretch' });
    await animation.whenRead();
    expect(rig.decodeSizes).toEqual(['64x64 crop', '128x64 crop', '128x64 stretch']);
    expect(animation.getState().start?.picture.width).toBe(128);
  });

  it('can be resized after its file was removed or overwritten', async () => {
    for (const change of [{ removed: true }, { version: 1 }]) {
      const rig = new Rig();
      const { animation, settings } = rig.stores;
      const contents = { bytes: utf8('start'), flushed: null, version: 0, removed: false, locked: false };
      await animation.chooseStart(new StoredFile('start.png', contents), 'start.png');
      Object.assign(contents, change);
      settings.set({ width: 128 });
      await animation.whenRead();
      expect(notices(rig)).toEqual([]);
      expect(animation.getState().start?.picture.width).toBe(128);
    }
  });

  it('is not decoded again when other settings change', async () => {
    const rig = new Rig();
    await rig.ready();
    rig.stores.settings.set({ steps: 3, seed: 9 });
    await rig.stores.animation.whenRead();
    expect(rig.decodeSizes).toHaveLength(1);
  });

  it('stays when a file cannot be read, with an error notice', async () => {
    const rig = new Rig();
    await rig.ready();
    await rig.stores.generation.generate();
    const before = rig.stores.animation.getState();
    rig.failures.set(
      'decode',
      new InputError('not-a-picture', 'This is no picture.', { remedy: 'Take a PNG.' }),
    );
    await rig.stores.animation.chooseStart(file('bad'), 'bad.txt');
    const after = rig.stores.animation.getState();
    expect(after.start).toBe(before.start);
    expect(after.frames).toBe(before.frames);
    expect(after.reading).toBe(false);
    expect(notices(rig)).toMatchObject([
      {
        message: 'This is no picture.',
        remedy: 'Take a PNG.',
        kept: 'The picture that was there before is still in place.',
      },
    ]);

    rig.failures.delete('decode');
    await rig.stores.animation.chooseStart(file('good'), 'good.png');
    expect(notices(rig).filter(({ kind }) => kind === 'error')).toEqual([]);
  });

  it('is the one chosen last, even if an earlier one arrives later', async () => {
    const rig = new Rig();
    await rig.ready();
    const { animation } = rig.stores;
    let deliver: (late: Blob) => void = () => undefined;
    const slow = animation.chooseStart(
      new Promise((resolve) => {
        deliver = resolve;
      }),
      'slow.png',
    );
    await animation.chooseStart(file('quick'), 'quick.png');
    deliver(file('slow'));
    await slow;
    expect(animation.getState().start?.name).toBe('quick.png');
    expect(notices(rig)).toEqual([]);
  });

  it('reports a file that never arrives', async () => {
    const rig = new Rig();
    const failure = new InputError('offline', 'The example did not arrive.', { remedy: 'Connect.' });
    await rig.stores.animation.chooseStart(Promise.reject(failure), 'example');
    expect(notices(rig)[0]?.message).toBe('The example did not arrive.');
    expect(rig.stores.animation.getState()).toMatchObject({ start: null, reading: false });
  });

  it('is decoded by a new media worker after the old one failed', async () => {
    const rig = new Rig();
    rig.failures.set('decode', new WorkerError('worker-died', 'It died.', { remedy: 'Reload.' }));
    await rig.stores.animation.chooseStart(file('a'), 'a.png');
    await rig.stores.animation.chooseStart(file('b'), 'b.png');
    expect(rig.mediaWorkers).toBe(2);
    expect(rig.stores.animation.getState().start?.name).toBe('b.png');
  });
});

describe('startOver', () => {
  it('removes the frames, and Undo restores them with their pictures', async () => {
    const rig = new Rig();
    await rig.ready();
    await rig.stores.generation.generate();
    const { frames } = rig.stores.animation.getState();
    rig.stores.animation.startOver();
    expect(frameCount(rig)).toBe(0);
    expect(notices(rig)).toMatchObject([
      { message: '3 frames were put aside.', actions: [{ label: 'Bring back' }] },
    ]);

    notices(rig)[0]?.actions[0]?.run();
    expect(rig.stores.animation.getState().frames).toBe(frames);
  });

  it('withdraws the offer to restore when new frames are generated', async () => {
    const rig = new Rig();
    await rig.ready();
    await rig.stores.generation.generate();
    rig.stores.animation.startOver();
    await rig.stores.generation.generate();
    expect(notices(rig)).toEqual([]);
    expect(frameCount(rig)).toBe(3);
  });

  it('happens on choosing another picture, and Undo restores both picture and frames', async () => {
    const rig = new Rig();
    await rig.ready();
    await rig.stores.generation.generate();
    const before = rig.stores.animation.getState();
    await rig.stores.animation.chooseStart(file('other'), 'other.png');
    expect(rig.stores.animation.getState().start?.name).toBe('other.png');
    expect(frameCount(rig)).toBe(0);
    notices(rig)[0]?.actions[0]?.run();
    const after = rig.stores.animation.getState();
    expect([after.start, after.frames]).toEqual([before.start, before.frames]);
    expect(notices(rig)).toEqual([]);
  });

  it('decodes the start picture at the size that was set while there were frames', async () => {
    const rig = new Rig();
    await rig.ready();
    await rig.stores.generation.generate();
    rig.stores.settings.set({ width: 128 });
    await rig.stores.animation.whenRead();
    expect(rig.stores.animation.getState().start?.picture.width).toBe(64);
    rig.stores.animation.startOver();
    await rig.stores.animation.whenRead();
    expect(rig.stores.animation.getState().start?.picture.width).toBe(128);
    notices(rig)[0]?.actions[0]?.run();
    expect(rig.stores.animation.getState().start?.picture.width).toBe(64);
  });

  it('stops the run', async () => {
    const rig = new Rig();
    await rig.ready();
    rig.nextFrame.shut();
    const { animation, generation } = rig.stores;
    const running = generation.generate();
    await until(animation, ({ frames }) => frames.length === 1);
    animation.startOver();
    expect(generation.getState()).toMatchObject({ run: null, outcome: null });
    rig.nextFrame.open();
    await running;
    expect(frameCount(rig)).toBe(0);
  });
});

describe('goBackTo', () => {
  it('shortens the animation, shows its last frame, and ignores later positions', async () => {
    const rig = new Rig();
    await rig.ready();
    const { animation, generation, player } = rig.stores;
    await generation.generate();
    animation.goBackTo(1);
    expect(animation.getState().frames.map(({ number }) => number)).toEqual([1]);
    expect(player.getState().position).toBe(1);
    animation.goBackTo(7);
    expect(frameCount(rig)).toBe(1);
  });
});
