import { describe, expect, it } from 'vitest';
import { MediaError } from '../../../src/base/index.ts';
import { Rig, file, until, valuesOf } from './rig.ts';

async function withFrames(frames: number): Promise<Rig> {
  const rig = new Rig();
  await rig.ready();
  rig.stores.settings.set({ frames, frameRate: 10 });
  await rig.stores.generation.generate();
  return rig;
}

/** Positions shown during this many ticks, 50 ms apart. */
function watch(rig: Rig, ticks: number): number[] {
  const { player } = rig.stores;
  const seen: number[] = [];
  for (let tick = 0; tick <= ticks; tick++) {
    player.tick(1000 + 50 * tick);
    const { position, playing } = player.getState();
    if (playing && position !== seen.at(-1)) seen.push(position);
  }
  return seen;
}

describe('player', () => {
  it('plays at the frame rate and loops', async () => {
    const rig = await withFrames(3);
    rig.stores.player.show(1);
    rig.stores.player.play();
    expect(watch(rig, 12)).toEqual([1, 2, 3, 1, 2, 3, 1]);
    rig.stores.preferences.setState({ speed: 0.5 });
    rig.stores.player.show(1);
    rig.stores.player.play();
    expect(watch(rig, 12)).toEqual([1, 2, 3, 1]);
  });

  it('ends at the last frame without loop, and restarts from the first', async () => {
    const rig = await withFrames(3);
    rig.stores.preferences.setState({ loop: false });
    rig.stores.player.show(2);
    rig.stores.player.play();
    expect(watch(rig, 12)).toEqual([2, 3]);
    expect(rig.stores.player.getState()).toMatchObject({ playing: false, position: 3 });
    rig.stores.player.play();
    expect(rig.stores.player.getState()).toMatchObject({ playing: true, position: 1 });
  });

  it('compares with the previous frame or the start, and keeps the position', async () => {
    const rig = await withFrames(3);
    const { player } = rig.stores;
    player.show(3);
    player.compare('before');
    expect(player.getState()).toMatchObject({ position: 3, compared: 2 });
    player.endComparison();
    expect(player.getState()).toMatchObject({ position: 3, compared: null });
    player.play();
    player.compare('start');
    expect(player.getState(), 'playback stops').toMatchObject({ position: 3, compared: 0, playing: false });
    player.step(-1);
    expect(player.getState(), 'another position ends it').toMatchObject({ position: 2, compared: null });
    player.show(0);
    player.compare('before');
    expect(player.getState(), 'nothing precedes the start').toMatchObject({ position: 0, compared: null });
  });

  it('plays back and forth, including the start picture if set', async () => {
    const rig = await withFrames(2);
    rig.stores.preferences.setState({ pingPong: true, includeStart: true });
    rig.stores.player.show(0);
    rig.stores.player.play();
    expect(watch(rig, 12)).toEqual([0, 1, 2, 1, 0, 1, 2]);
  });

  it('does not skip frames after the browser was suspended', async () => {
    const rig = await withFrames(3);
    const { player } = rig.stores;
    player.show(1);
    player.play();
    player.tick(1000);
    player.tick(61_000);
    expect(player.getState()).toMatchObject({ playing: true, position: 1 });
    player.tick(61_100);
    expect(player.getState().position).toBe(2);
  });

  it('follows new frames until another position is shown', async () => {
    const rig = await withFrames(1);
    const { animation, generation, player, settings } = rig.stores;
    settings.set({ frames: 3 });
    rig.nextFrame.shut();
    const running = generation.generate();
    await until(animation, ({ frames }) => frames.length === 2);
    expect(player.getState()).toMatchObject({ following: true, position: 2 });
    player.show(0);
    rig.nextFrame.open();
    await running;
    expect(player.getState()).toMatchObject({ following: false, position: 0 });
  });

  it('follows a run that had to wait for the picture', async () => {
    const rig = new Rig();
    rig.load();
    rig.decoding.shut();
    const { animation, generation, player } = rig.stores;
    const choosing = animation.chooseStart(file('a'), 'a.png');
    rig.nextFrame.shut();
    const running = generation.generate();
    rig.decoding.open();
    await choosing;
    await until(animation, ({ frames }) => frames.length === 1);
    expect(player.getState()).toMatchObject({ following: true, position: 1 });
    rig.nextFrame.open();
    await running;
    expect(player.getState()).toMatchObject({ following: false, position: 3 });
  });

  it('clamps the position to the animation', async () => {
    const rig = await withFrames(2);
    const { player } = rig.stores;
    player.step(1);
    expect(player.getState().position).toBe(2);
    player.step(-7);
    expect(player.getState().position).toBe(0);
    rig.stores.animation.startOver();
    expect(player.getState().position).toBe(0);
    player.play();
    expect(player.getState().playing).toBe(false);
  });
});

describe('download', () => {
  it('writes exactly the frames made, at the frame rate', async () => {
    const rig = await withFrames(3);
    const made = await valuesOf(rig);
    await rig.stores.exporter.download('gif');
    expect(rig.encoded).toEqual([{ kind: 'gif', values: made, frameRate: 10, loop: true }]);
    expect(rig.saved.map(({ name }) => name)).toEqual(['drift-2025-01-31.gif']);
    expect(rig.saved[0]?.file.size).toBe(3);
    expect(rig.saved[0]?.file.type).toBe('image/gif');
  });

  it('writes what the player plays: start picture, back and forth', async () => {
    const rig = await withFrames(2);
    const [first, second] = await valuesOf(rig);
    rig.stores.preferences.setState({ includeStart: true, pingPong: true, loop: true });
    await rig.stores.exporter.download('mp4');
    expect(rig.encoded).toEqual([{ kind: 'mp4', values: [100, first, second, first], frameRate: 10 }]);
    expect(rig.saved[0]?.name).toBe('drift-2025-01-31.mp4');
  });

  it('writes every picture once into a ZIP', async () => {
    const rig = await withFrames(2);
    const made = await valuesOf(rig);
    rig.stores.preferences.setState({ includeStart: true, pingPong: true });
    await rig.stores.exporter.download('zip');
    expect(rig.encoded).toEqual([{ kind: 'zip', values: [100, ...made] }]);
    expect(rig.saved[0]?.name).toBe('drift-2025-01-31.zip');
  });

  it('can be cancelled and started again', async () => {
    const rig = await withFrames(2);
    const { exporter, notices } = rig.stores;
    rig.encoding.shut();
    const cancelled = exporter.download('gif');
    expect(exporter.getState().job?.kind).toBe('gif');
    exporter.cancel();
    expect(exporter.getState().job).toBeNull();
    rig.encoding.open();
    await cancelled;
    await exporter.download('gif');
    expect(rig.saved).toHaveLength(1);
    expect(notices.getState().notices).toEqual([]);
    expect(rig.stores.animation.getState().frames).toHaveLength(2);
  });

  it('shows an error and keeps the frames on failure', async () => {
    const rig = await withFrames(2);
    rig.failures.set('mp4', new MediaError('no-encoder', 'No encoder.', { remedy: 'Take the GIF.' }));
    await rig.stores.exporter.download('mp4');
    expect(rig.saved).toEqual([]);
    expect(rig.stores.notices.getState().notices).toMatchObject([
      { message: 'No encoder.', remedy: 'Take the GIF.', kept: 'Your frames are kept.' },
    ]);
    expect(rig.stores.exporter.getState().job).toBeNull();
  });

  it('shows an error when there are no frames', async () => {
    const rig = new Rig();
    await rig.ready();
    await rig.stores.exporter.download('gif');
    expect(rig.encoded).toEqual([]);
    expect(rig.stores.notices.getState().notices[0]?.remedy).toBe('Press Generate first.');
  });
});
