import { createStore } from 'zustand/vanilla';
import type { StoreApi } from 'zustand/vanilla';
import { MediaError } from '../base/index.ts';
import { frameRateOf, reelPositions, startId } from '../project/index.ts';
import type { PictureRef, PictureSource } from '../project/index.ts';
import type { EncodeProgress, mediaApi } from '../protocol/index.ts';
import type { AnimationStore } from './animation.ts';
import type { Environment } from './environment.ts';
import { createLatest } from './latest.ts';
import type { WorkerHandle } from './worker-handle.ts';
import type { Notices } from './notices.ts';
import type { Pictures } from './pictures.ts';
import { reelOf } from './player.ts';
import type { Preferences } from './preferences.ts';
import type { SettingsStore } from './settings.ts';

/** An animation, or the frames as PNG files in an archive. */
export type ExportKind = 'gif' | 'mp4' | 'zip';

export interface ExportState {
  /** The file that is being written. */
  readonly job: { readonly id: number; readonly kind: ExportKind; readonly progress: EncodeProgress } | null;
}

export interface ExportStore extends StoreApi<ExportState> {
  /** Writes the animation as the player plays it, at the frame rate of the settings, and hands it to the person. */
  readonly download: (kind: ExportKind) => Promise<void>;
  readonly cancel: () => void;
  /** Resolves when no file of a project is being written any more: until then its pictures are read from the disk. */
  readonly whenWritten: (project: string) => Promise<void>;
}

export function createExport({
  media,
  pictures,
  animation,
  settings,
  preferences,
  notices,
  environment,
}: {
  media: WorkerHandle<typeof mediaApi>;
  pictures: Pictures;
  animation: AnimationStore;
  settings: SettingsStore;
  preferences: StoreApi<Preferences>;
  notices: Notices;
  environment: Pick<Environment, 'nextPaint' | 'saveFile' | 'today'>;
}): ExportStore {
  const store = createStore<ExportState>()(() => ({ job: null }));
  let lastJob = 0;
  let controller = new AbortController();
  /** By project; a job that was cancelled may still be reading. */
  const writing = new Map<string, Promise<unknown>>();
  const latest = createLatest<EncodeProgress>(environment.nextPaint, (progress) => {
    const { job } = store.getState();
    if (job) store.setState({ job: { ...job, progress } });
  });

  function end() {
    latest.cancel();
    store.setState({ job: null });
  }

  /** What is written: pictures by their ids, in the order in which they run. */
  async function sequence(kind: ExportKind): Promise<{ source: PictureSource; frames: PictureRef[] }> {
    const { project, start, frames } = animation.getState();
    if (!project || !start) throw new RangeError('there is nothing to write');
    const reel = reelOf(frames.length, preferences.getState());
    // An archive holds every picture once, however the animation runs.
    const positions = reelPositions(kind === 'zip' ? { ...reel, pingPong: false } : reel);
    const startRef = { id: startId, width: start.picture.width, height: start.picture.height };
    const refs = positions.flatMap((position) => {
      const frame = position === 0 ? startRef : frames.at(position - 1);
      return frame ? [{ id: frame.id, width: frame.width, height: frame.height }] : [];
    });
    const source = await pictures.source(project.id);
    const held = positions.includes(0)
      ? [...source.held, { id: startId, png: await pictures.encode(start.picture) }]
      : source.held;
    return { source: { ...source, held }, frames: refs };
  }

  async function encode(
    kind: ExportKind,
    { source, frames }: { readonly source: PictureSource; readonly frames: PictureRef[] },
    signal: AbortSignal,
  ) {
    const params = { source: { ...source, held: [...source.held] }, frames };
    const frameRate = frameRateOf(settings.getState().values);
    const onEvent = (progress: EncodeProgress) => {
      if (!signal.aborted) latest.push(progress);
    };
    switch (kind) {
      case 'gif': {
        const { loop } = preferences.getState();
        return media.call(kind, { ...params, frameRate, loop }, { signal, onEvent });
      }
      case 'mp4':
        return media.call(kind, { ...params, frameRate }, { signal, onEvent });
      case 'zip':
        return media.call(kind, params, { signal, onEvent });
    }
  }

  async function write(kind: ExportKind, signal: AbortSignal): Promise<void> {
    const { frames } = animation.getState();
    store.setState({ job: { id: ++lastJob, kind, progress: { done: 0, of: frames.length } } });
    try {
      const wanted = await sequence(kind);
      signal.throwIfAborted();
      const { file } = await encode(kind, wanted, signal);
      if (signal.aborted) return;
      end();
      environment.saveFile(file, fileName(environment.today(), kind));
      if (animation.getState().frames === frames) animation.markSaved();
      notices.announce(`${kind.toUpperCase()} downloaded.`);
    } catch (error) {
      if (signal.aborted) return;
      end();
      notices.error(error, { kept: 'Your frames are kept.' });
    }
  }

  return {
    ...store,
    async download(kind) {
      const { frames } = animation.getState();
      if (store.getState().job) return;
      if (frames.length === 0) {
        notices.error(
          new MediaError('no-frames', 'There are no frames to download yet.', {
            remedy: 'Press Generate first.',
          }),
        );
        return;
      }
      controller = new AbortController();
      const done = write(kind, controller.signal);
      const id = animation.getState().project?.id ?? '';
      const all = Promise.all([writing.get(id), done]);
      writing.set(id, all);
      await all;
      if (writing.get(id) === all) writing.delete(id);
    },
    cancel() {
      controller.abort();
      end();
    },
    async whenWritten(project) {
      await writing.get(project);
    },
  };
}

/** `drift-2025-01-31.gif`, by the person's own calendar. */
function fileName(day: Date, extension: string): string {
  const two = (value: number) => String(value).padStart(2, '0');
  return `drift-${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())}.${extension}`;
}
