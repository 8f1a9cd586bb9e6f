import { describe, expect, it } from 'vitest';
import { InputError, WorkerError } from '../../../src/base/index.ts';
import { Rig, file, until } from './rig.ts';

/** Waits for the addresses of everything that is on the page now. */
async function addressed(rig: Rig): Promise<void> {
  const { start, frames } = rig.stores.animation.getState();
  const ids = [...(start ? [start] : []), ...frames].map(({ id }) => id);
  await until(rig.stores.addresses, ({ urls }) => ids.every((id) => urls.has(id)));
}

const notices = (rig: Rig) => rig.stores.notices.getState().notices;
const frameCount = (rig: Rig) => rig.stores.animation.getState().frames.length;

describe('the pictures of the strip', () => {
  it('come from the next worker when the one that was asked has ended', async () => {
    const rig = new Rig();
    await rig.ready();
    await addressed(rig);
    rig.failures.set('png', new WorkerError('worker-died', 'It ran out of memory.', { remedy: 'Go on.' }));
    await rig.stores.generation.generate();
    await addressed(rig);
    expect([rig.mediaWorkers, rig.liveUrls.size]).toEqual([2, 4]);
    expect(notices(rig)).toEqual([]);
  });

  it('and a download give up on a dead worker once, and not on its successor', async () => {
    const rig = new Rig();
    await rig.ready();
    await addressed(rig);
    rig.encoding.shut();
    await rig.stores.generation.generate();
    const download = rig.stores.exporter.download('gif');
    rig.killMedia('out of memory');
    rig.encoding.open();
    await download;
    await addressed(rig);
    expect([rig.mediaWorkers, rig.liveUrls.size]).toEqual([2, 4]);
    expect(notices(rig)).toMatchObject([{ kept: 'Your frames are kept.' }]);
  });

  it('are left out where they cannot be written, and the frames stay', async () => {
    const rig = new Rig();
    await rig.ready();
    await addressed(rig);
    rig.failures.set('png', new Error('no memory'));
    await rig.stores.generation.generate();
    await until(rig.stores.addresses, ({ urls }) => urls.size === 3);
    expect([rig.mediaWorkers, frameCount(rig)]).toEqual([1, 3]);
  });
});

describe('the start picture', () => {
  it('is read at the size of the settings, and again when that or the fit changes', async () => {
    const rig = new Rig();
    await rig.ready();
    const { animation, preferences, settings } = rig.stores;
    settings.set({ width: 128 });
    await animation.whenRead();
    preferences.setState({ fit: 'stretch' });
    await animation.whenRead();
    expect(rig.decodeSizes).toEqual(['64x64 crop', '128x64 crop', '128x64 stretch']);
    expect(animation.getState().start?.picture.width).toBe(128);
    await addressed(rig);
    expect(rig.liveUrls.size).toBe(1);
  });

  it('is not cut again by settings that do not touch its size', async () => {
    const rig = new Rig();
    await rig.ready();
    rig.stores.settings.set({ steps: 3, seed: 9 });
    await rig.stores.animation.whenRead();
    expect(rig.decodeSizes).toHaveLength(1);
  });

  it('stays when a file cannot be read, and the error says so', async () => {
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
  });

  it('is the one chosen last, however long the one before takes', async () => {
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

  it('gets a new media worker after the old one failed', async () => {
    const rig = new Rig();
    rig.failures.set('decode', new WorkerError('worker-died', 'It died.', { remedy: 'Reload.' }));
    await rig.stores.animation.chooseStart(file('a'), 'a.png');
    await rig.stores.animation.chooseStart(file('b'), 'b.png');
    expect(rig.mediaWorkers).toBe(2);
    expect(rig.stores.animation.getState().start?.name).toBe('b.png');
  });
});

describe('starting over', () => {
  it('puts the frames aside and brings them back on Undo, with their pictures still shown', async () => {
    const rig = new Rig();
    await rig.ready();
    await rig.stores.generation.generate();
    await addressed(rig);
    const { frames } = rig.stores.animation.getState();
    rig.stores.animation.startOver();
    expect(frameCount(rig)).toBe(0);
    expect(notices(rig)).toMatchObject([
      { message: '3 frames were put aside.', actions: [{ label: 'Undo' }] },
    ]);
    expect(rig.liveUrls.size).toBe(4);

    notices(rig)[0]?.actions[0]?.run();
    expect(rig.stores.animation.getState().frames).toEqual(frames);
    const { urls } = rig.stores.addresses.getState();
    expect(frames.every(({ id }) => rig.liveUrls.has(urls.get(id) ?? ''))).toBe(true);
  });

  it('frees every picture once the way back is dismissed', async () => {
    const rig = new Rig();
    await rig.ready();
    await rig.stores.generation.generate();
    await addressed(rig);
    rig.stores.animation.startOver();
    rig.stores.notices.dismiss(notices(rig)[0]?.id ?? 0);
    expect(rig.urlsMade).toBe(4);
    expect([...rig.liveUrls]).toEqual([...rig.stores.addresses.getState().urls.values()]);
    expect(rig.liveUrls.size).toBe(1);
  });

  it('frees the old frames when new ones are being made, and takes back the offer', async () => {
    const rig = new Rig();
    await rig.ready();
    await rig.stores.generation.generate();
    rig.stores.animation.startOver();
    await rig.stores.generation.generate();
    await addressed(rig);
    expect(notices(rig)).toEqual([]);
    expect(frameCount(rig)).toBe(3);
    expect(rig.liveUrls.size).toBe(4);
  });

  it('frees pictures that are still being encoded when they are let go', async () => {
    const rig = new Rig();
    await rig.ready();
    await rig.stores.generation.generate();
    rig.stores.animation.startOver();
    rig.stores.notices.dismiss(notices(rig)[0]?.id ?? 0);
    await rig.stores.generation.generate();
    await addressed(rig);
    expect(rig.liveUrls.size).toBe(4);
  });

  it('begins with a new picture too, and Undo brings back both picture and frames', async () => {
    const rig = new Rig();
    await rig.ready();
    await rig.stores.generation.generate();
    const before = rig.stores.animation.getState();
    await rig.stores.animation.chooseStart(file('other'), 'other.png');
    expect(rig.stores.animation.getState()).toMatchObject({ start: { name: 'other.png' }, frames: [] });
    await addressed(rig);
    notices(rig)[0]?.actions[0]?.run();
    expect(rig.stores.animation.getState()).toMatchObject({ start: before.start, frames: before.frames });
    await addressed(rig);
    expect(rig.liveUrls.size).toBe(4);
    expect(notices(rig)).toEqual([]);
  });

  it('cuts the start picture to a size that was chosen while frames held it', async () => {
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
    await addressed(rig);
    expect(rig.liveUrls.size).toBe(4);
  });

  it('stops what is being made', async () => {
    const rig = new Rig();
    await rig.ready();
    rig.nextFrame.shut();
    const { animation, generation } = rig.stores;
    const running = generation.generate();
    await until(animation, ({ frames }) => frames.length === 1);
    animation.startOver();
    expect(generation.getState()).toEqual({ run: null, outcome: null });
    rig.nextFrame.open();
    await running;
    expect(frameCount(rig)).toBe(0);
  });
});

describe('going back', () => {
  it('ends the animation earlier, shows its last frame, and frees what came after', async () => {
    const rig = new Rig();
    await rig.ready();
    const { animation, generation, player } = rig.stores;
    await generation.generate();
    await addressed(rig);
    animation.goBackTo(1);
    expect(animation.getState().frames.map(({ number }) => number)).toEqual([1]);
    expect(player.getState().position).toBe(1);
    expect(rig.liveUrls.size).toBe(2);
    animation.goBackTo(7);
    expect(frameCount(rig)).toBe(1);
  });
});
