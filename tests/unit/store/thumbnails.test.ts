import { describe, expect, it } from 'vitest';
import { WorkerError } from '../../../src/base/index.ts';
import type { Frame } from '../../../src/store/index.ts';
import { Rig, plain, until } from './rig.ts';

async function withFrames(frames: number, rig = new Rig()): Promise<Rig> {
  await rig.ready();
  rig.stores.settings.set({ frames });
  await rig.stores.generation.generate();
  await rig.stores.autosave.whenSettled();
  return rig;
}

/** The page after a reload, with no picture of a frame in memory but the last. */
async function reopened({ device }: Rig, storage: Map<string, string>): Promise<Rig> {
  device.crash();
  const rig = new Rig(storage, device);
  rig.load();
  await Promise.all([rig.stores.projects.reopen(), rig.stores.model.whenReady()]);
  return rig;
}

/** Observes a frame until it has a URL. */
function view(rig: Rig, frame: Frame): Promise<{ url: string; leave: () => void }> {
  return new Promise((resolve) => {
    const id = rig.stores.animation.getState().project?.id ?? '';
    const leave = rig.stores.thumbnails.showFrame(id, frame, (url) => {
      // The URL may be available synchronously, before the unsubscribe function is returned.
      queueMicrotask(() => {
        resolve({ url, leave });
      });
    });
  });
}

const dead = new WorkerError('worker-died', 'It ran out of memory.', { remedy: 'Go on.' });
const framesOf = (rig: Rig) => [...rig.stores.animation.getState().frames];

describe('thumbnails', () => {
  it('get object URLs, of which those out of view are bounded by an LRU cache', async () => {
    const rig = await withFrames(300);
    const urls: string[] = [];
    for (const frame of framesOf(rig)) {
      const { url, leave } = await view(rig, frame);
      urls.push(url);
      leave();
    }
    expect(new Set(urls).size).toBe(300);
    expect(rig.liveUrls.size).toBe(200);
    const [first, last] = [framesOf(rig)[0], framesOf(rig)[299]];
    if (!first || !last) throw new Error('300 frames were made');
    expect((await view(rig, last)).url).toBe(urls[299]);
    expect((await view(rig, first)).url).not.toBe(urls[0]);
    expect(rig.liveUrls.has(urls[298] ?? '')).toBe(true);
  });

  it('are not made of frames that were scrolled past', async () => {
    const rig = await withFrames(300);
    const frames = framesOf(rig);
    const id = rig.stores.animation.getState().project?.id ?? '';
    const urls: string[] = [];
    for (const frame of frames.slice(0, -1)) {
      rig.stores.thumbnails.showFrame(id, frame, (url) => urls.push(url))();
    }
    const [last] = frames.slice(-1);
    if (!last) throw new Error('300 frames were made');
    await view(rig, last);
    expect(urls).toEqual([]);
    expect(rig.thumbnailsMade).toBeLessThan(10);
  });

  it('give way to the pictures that the stage reads', async () => {
    const storage = new Map<string, string>();
    const rig = await reopened(await withFrames(2, new Rig(storage)), storage);
    const [first, second] = framesOf(rig);
    if (!first || !second) throw new Error('two frames were made');
    await rig.stores.pictures.whenIdle();
    rig.reading.shut();
    const id = rig.stores.animation.getState().project?.id ?? '';
    const shown = rig.stores.pictures.load(id, first);
    const seen = view(rig, second);
    // The worker answers in order: a thumbnail asked for now would have been made before this.
    await rig.stores.pictures.encode(plain(8, 8, 1));
    expect(rig.thumbnailsMade).toBe(0);
    rig.reading.open();
    await shown;
    expect((await seen).url).not.toBe('');
    expect(rig.thumbnailsMade).toBe(1);
  });

  it('are made from large pictures in memory, before these are encoded', async () => {
    const rig = new Rig();
    await rig.ready();
    rig.encoding.shut();
    rig.stores.settings.set({ frames: 1, width: 320 });
    await rig.stores.generation.generate();
    const [frame] = framesOf(rig);
    if (!frame) throw new Error('a frame was made');
    expect((await view(rig, frame)).url).not.toBe('');
    rig.encoding.open();
    await rig.stores.autosave.whenSettled();
  });

  it('are made by the next worker when theirs died', async () => {
    const rig = await withFrames(1);
    rig.failures.set('thumbnail', dead);
    const [frame] = framesOf(rig);
    if (!frame) throw new Error('a frame was made');
    await view(rig, frame);
    expect([rig.mediaWorkers, rig.liveUrls.size]).toEqual([2, 1]);
    expect(rig.stores.notices.getState().notices).toEqual([]);
  });
});

describe('frames not on disk yet', () => {
  it('are held in memory until stored, even if the encoding worker fails', async () => {
    const rig = new Rig();
    await rig.ready();
    await rig.stores.autosave.whenSettled();
    rig.failures.set('png', new Error('no memory'));
    rig.stores.settings.set({ frames: 2 });
    await rig.stores.generation.generate();
    await rig.stores.autosave.whenSettled();
    rig.stores.autosave.retry();
    await rig.stores.autosave.whenSettled();
    const id = rig.stores.animation.getState().project?.id ?? '';
    expect(rig.stores.autosave.isKept(id)).toBe(true);
    expect((await rig.stores.pictures.source(id)).held).toEqual([]);
    expect(rig.device.files.names().filter((name) => name.includes('/0'))).toHaveLength(2);
  });

  it('replace a dead worker once, even with a concurrent download', async () => {
    const rig = new Rig();
    await rig.ready();
    await rig.stores.autosave.whenSettled();
    rig.encoding.shut();
    rig.stores.settings.set({ frames: 3 });
    await rig.stores.generation.generate();
    const download = rig.stores.exporter.download('gif');
    rig.killMedia('out of memory');
    rig.encoding.open();
    await download;
    await until(rig.stores.autosave, ({ status }) => status === 'kept');
    expect(rig.mediaWorkers).toBe(2);
    expect(rig.device.files.names().filter((name) => name.includes('/0'))).toHaveLength(3);
  });
});
