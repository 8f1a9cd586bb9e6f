import { createStore } from 'zustand/vanilla';
import type { StoreApi } from 'zustand/vanilla';
import { MediaError, WorkerError } from '../base/index.ts';
import { frameRateOf, reelPositions } from '../project/index.ts';
import type { Connection, EncodeProgress, mediaApi } from '../protocol/index.ts';
import type { AnimationStore } from './animation.ts';
import type { Environment } from './environment.ts';
import { createLatest } from './latest.ts';
import type { Link } from './link.ts';
import type { Notices } from './notices.ts';
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
}

export function createExport({
  media,
  animation,
  settings,
  preferences,
  notices,
  environment,
}: {
  media: Link<typeof mediaApi>;
  animation: AnimationStore;
  settings: SettingsStore;
  preferences: StoreApi<Preferences>;
  notices: Notices;
  environment: Pick<Environment, 'nextPaint' | 'saveFile' | 'today'>;
}): ExportStore {
  const store = createStore<ExportState>()(() => ({ job: null }));
  let lastJob = 0;
  let controller = new AbortController();
  const latest = createLatest<EncodeProgress>(environment.nextPaint, (progress) => {
    const { job } = store.getState();
    if (job) store.setState({ job: { ...job, progress } });
  });

  function end() {
    latest.cancel();
    store.setState({ job: null });
  }

  async function encode(
    worker: Connection<typeof mediaApi>,
    kind: ExportKind,
    id: number,
    signal: AbortSignal,
  ) {
    const { start, frames } = animation.getState();
    const options = preferences.getState();
    const pictures = [start, ...frames];
    const reel = reelOf(frames.length, options);
    // An archive holds every picture once, however the animation runs.
    const positions = reelPositions(kind === 'zip' ? { ...reel, pingPong: false } : reel);
    const sequence = positions.flatMap((position) => pictures[position]?.picture ?? []);
    store.setState({ job: { id, kind, progress: { done: 0, of: sequence.length } } });
    const frameRate = frameRateOf(settings.getState().values);
    const onEvent = (progress: EncodeProgress) => {
      if (!signal.aborted) latest.push(progress);
    };
    switch (kind) {
      case 'gif':
        return worker.call(kind, { frames: sequence, frameRate, loop: options.loop }, { signal, onEvent });
      case 'mp4':
        return worker.call(kind, { frames: sequence, frameRate }, { signal, onEvent });
      case 'zip':
        return worker.call(kind, { frames: sequence }, { signal, onEvent });
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
      const { signal } = controller;
      const worker = media.current();
      try {
        const { bytes, type } = await encode(worker, kind, ++lastJob, signal);
        if (signal.aborted) return;
        end();
        // A copy whose buffer is surely not shared, as files demand.
        environment.saveFile(
          new Blob([new Uint8Array(bytes)], { type }),
          fileName(environment.today(), kind),
        );
        if (animation.getState().frames === frames) animation.markSaved();
        notices.announce(`${kind.toUpperCase()} downloaded.`);
      } catch (error) {
        if (signal.aborted) return;
        end();
        if (error instanceof WorkerError) media.reset(worker);
        notices.error(error, { kept: 'Your frames are kept.' });
      }
    },
    cancel() {
      controller.abort();
      end();
    },
  };
}

/** `drift-2025-01-31.gif`, by the person's own calendar. */
function fileName(day: Date, extension: string): string {
  const two = (value: number) => String(value).padStart(2, '0');
  return `drift-${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())}.${extension}`;
}
