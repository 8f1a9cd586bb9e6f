/** The whole page with real browser storage and without a model; the soak test calls its functions by `page.evaluate`. */
import { StrictMode, createElement } from 'react';
import { createRoot } from 'react-dom/client';
import type { Picture } from '../../../src/base/index.ts';
import { defaultExportOptions, defaultSettings } from '../../../src/project/index.ts';
import type { ExportOptions } from '../../../src/project/index.ts';
import { browserEnvironment, createStores } from '../../../src/store/index.ts';
import type { ExportKind } from '../../../src/store/index.ts';
import { StoresContext } from '../../../src/ui/shared/stores.ts';
import { App } from '../../../src/ui/shell/App.tsx';
import '../../../src/ui/shared/base.css';

/** Size of the last saved file, in bytes. */
let saved = 0;

const stores = createStores({
  ...browserEnvironment(Promise.resolve()),
  saveFile(file) {
    saved = file.size;
  },
});
const { animation, autosave, exporter, notices, pictures, player, projects, settings } = stores;

/** Synthetic frame that compresses about as well as a photograph: gradients with noise. */
function pictureOf(number: number, side: number): Picture {
  const data = new Uint8ClampedArray(4 * side * side);
  let state = (number * 2654435761 + 1) >>> 0;
  for (let at = 0; at < data.length; at += 4) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const [x, y] = [(at >> 2) % side, Math.floor((at >> 2) / side)];
    data[at] = ((255 * x) / side + number) & 255;
    data[at + 1] = ((255 * y) / side + (state >>> 29)) & 255;
    data[at + 2] = (number * 7 + (state >>> 28)) & 255;
    data[at + 3] = 255;
  }
  return { width: side, height: side, data };
}

const insight = {
  guidance: 0.9,
  positivesBefore: 0.1,
  positivesAfter: 0.2,
  negativesBefore: 0.1,
  negativesAfter: 0.05,
  texture: -0.05,
  predecessor: 0.8,
  start: 0.6,
  earlier: [0.75, 0.7, 0.7, 0.7, 0.7, 0.7],
};

const nextPaint = () =>
  new Promise<number>((resolve) => {
    requestAnimationFrame(resolve);
  });

const soak = {
  /** Starts a project with a start picture of this size. */
  async begin(side: number): Promise<void> {
    settings.set({ ...defaultSettings, width: side, height: side });
    const file = await pictures.encode(pictureOf(0, side));
    await animation.chooseStart(file, 'start.png');
  },

  /**
   * Appends frames like a run does. Returns the time that each took in the page, including rendering, in milliseconds.
   */
  async add(count: number, side: number): Promise<number[]> {
    const times: number[] = [];
    for (let made = 0; made < count; made++) {
      const { frames } = animation.getState();
      const picture = pictureOf(frames.length + 1, side);
      await nextPaint();
      const before = performance.now();
      const sample = insight.predecessor + 0.1 * Math.sin(frames.length);
      animation.append({
        picture,
        insight: { ...insight, predecessor: sample },
        seconds: 1,
        settings: settings.getState().values,
        model: 'none',
      });
      // React renders in a separate task.
      await new Promise((resolve) => setTimeout(resolve));
      times.push(performance.now() - before);
      // Models are slower than the disk, so the writes must not pile up.
      if (made % 20 === 19) await autosave.whenSettled();
    }
    await autosave.whenSettled();
    return times;
  },

  /** Starts another project by importing so many pictures as its frames: they have no insight, and few are distinct. */
  async fill(count: number, side: number): Promise<void> {
    const distinct: Blob[] = [];
    for (let number = 1; number <= Math.min(count, 40); number++) {
      distinct.push(await pictures.encode(pictureOf(number, side)));
    }
    const [file = new Blob()] = distinct;
    const frames = Array.from({ length: count }, (_, index) => distinct[index % distinct.length] ?? file);
    const cut = { width: side, height: side, fit: 'crop' } as const;
    animation.importPictures({
      start: { picture: pictureOf(1, side), name: 'start.png', file, cut },
      frames,
      playback: {},
    });
    await autosave.whenSettled();
  },

  /** Reopens the last project. Returns the milliseconds until it is rendered. */
  async reopen(): Promise<number> {
    const before = performance.now();
    await projects.reopen();
    await nextPaint();
    return performance.now() - before;
  },

  frames: () => animation.getState().frames.length,

  /**
   * Scrolls the strip to a fraction of its length. Returns the milliseconds until the thumbnails in view are rendered.
   */
  async scroll(share: number): Promise<number> {
    const strip = document.querySelector('[aria-label="Film strip"]');
    if (!strip) throw new Error('there is no film strip');
    const before = performance.now();
    strip.scrollLeft = share * strip.scrollWidth;
    const { left, right } = strip.getBoundingClientRect();
    for (;;) {
      await nextPaint();
      const inView = [...strip.querySelectorAll('li[class]')].filter((item) => {
        const box = item.getBoundingClientRect();
        return box.right > left && box.left < right;
      });
      const drawn = inView.every((item) => item.querySelector('img')?.complete === true);
      if (inView.length > 0 && drawn) return performance.now() - before;
    }
  },

  /** Plays at a frame rate in frames per second: the number of positions shown, and of those whose picture was not yet read. */
  async play(frameRate: number, seconds: number): Promise<{ shown: number; late: number }> {
    settings.set({ frameRate });
    const project = animation.getState().project?.id ?? '';
    player.show(1);
    await animation.pictureAt(1);
    let [shown, late] = [0, 0];
    const stop = player.subscribe(({ position }, before) => {
      if (position === before.position) return;
      shown++;
      const frame = animation.getState().frames.at(position - 1);
      if (frame && !pictures.peek(project, frame.id)) late++;
    });
    player.play();
    const until = performance.now() + 1000 * seconds;
    while (performance.now() < until) await nextPaint();
    player.pause();
    stop();
    return { shown, late };
  },

  /** Exports the animation. Returns the size of the file in bytes. */
  async export(kind: ExportKind | 'drift'): Promise<number> {
    saved = 0;
    if (kind === 'drift') await projects.exportFile(animation.getState().project?.id ?? '');
    else await exporter.download(kind);
    return saved;
  },

  /** Writes all frames with the Export dialog's options. Returns the size of the file in bytes. */
  async exportAs(options: Partial<ExportOptions>): Promise<number> {
    saved = 0;
    const positions = Array.from({ length: soak.frames() }, (_, index) => index + 1);
    await exporter.save({ options: { ...defaultExportOptions, ...options }, positions }, null);
    return saved;
  },

  /** The running job on a project, an import for one; null if there is none. */
  job: () => projects.getState().job,

  /** Resolves once everything is stored. */
  settled: () => autosave.whenSettled(),

  /** Messages of all errors so far. */
  errors: () =>
    notices.getState().notices.flatMap(({ kind, message }) => (kind === 'error' ? [message] : [])),
};

declare global {
  var driftSoak: typeof soak;
}
globalThis.driftSoak = soak;

const root = document.getElementById('root');
if (!root) throw new Error('The page has no root.');
createRoot(root).render(
  createElement(StrictMode, null, createElement(StoresContext, { value: stores }, createElement(App))),
);
