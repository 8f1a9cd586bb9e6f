import { createStore } from 'zustand/vanilla';
import type { StoreApi } from 'zustand/vanilla';
import { MediaError } from '../base/index.ts';
import { frameRateOf, playbackPositions, startId } from '../project/index.ts';
import type { ExportFormat, ExportOptions, PictureRef, PictureSource } from '../project/index.ts';
import type { EncodeProgress, Result, mediaApi } from '../protocol/index.ts';
import type { AnimationStore } from './animation.ts';
import type { Environment } from './environment.ts';
import { withHolds } from './frames.ts';
import { createLatest } from './latest.ts';
import type { WorkerHandle } from './worker-handle.ts';
import type { Notices } from './notices.ts';
import type { Pictures } from './pictures.ts';
import { playbackRangeOf } from './player.ts';
import type { Preferences } from './preferences.ts';
import type { SettingsStore } from './settings.ts';

/** Format of a quick download: an animation, or a ZIP of the frames as PNG files. */
export type ExportKind = 'gif' | 'mp4' | 'zip';

/** Request of the Export dialog. */
export interface ExportRequest {
  readonly options: ExportOptions;
  /** Positions to export, ascending, those of held frames repeated; 0 is the start picture. */
  readonly positions: readonly number[];
}

/** An export that is running. */
export interface ExportJob {
  readonly id: number;
  readonly kind: ExportKind | ExportFormat;
  readonly progress: EncodeProgress;
  /** Number of the attempt, from 1: a file that exceeds its limit in bytes is encoded again. */
  readonly attempt: number;
  /** Estimated seconds left in this attempt; null if unknown. */
  readonly secondsLeft: number | null;
}

/** What an export takes in this browser: whether AV1 can be chosen, and bytes to be fetched first. */
export type ExportNeeds = Result<(typeof mediaApi)['needs']>;

/** A finished file of the Export dialog. */
export interface WrittenFile {
  readonly name: string;
  /** Null if it was written to a file that the user chose. */
  readonly file: Blob | null;
  readonly bytes: number;
  /** In pixels. */
  readonly width: number;
  readonly height: number;
  /** Encodes its first frame as a PNG file. */
  readonly still: () => Promise<Blob>;
}

/** State of the exports. */
export interface ExportState {
  /** The running export. */
  readonly job: ExportJob | null;
  /** The last finished file of the Export dialog, until it is dismissed. */
  readonly written: WrittenFile | null;
}

/** Exports of the animation: the quick downloads, and the files of the Export dialog. */
export interface ExportStore extends StoreApi<ExportState> {
  /** Exports and downloads the animation as the player plays it, at the frame rate of the settings. */
  readonly download: (kind: ExportKind) => Promise<void>;
  /** Exports a file for the Export dialog, streaming to `target`; downloads it if `target` is null. */
  readonly save: (request: ExportRequest, target: FileSystemFileHandle | null) => Promise<void>;
  /** For `measured` and `needsOfExport`, which only the dialog loads. */
  readonly sources: ExportSources;
  /** Releases the finished file of the Export dialog. */
  readonly dismiss: () => void;
  readonly cancel: () => void;
  /** Resolves when no export of a project is running, not even a cancelled one: until then its pictures are read. */
  readonly whenWritten: (project: string) => Promise<void>;
}

type JobEvent = EncodeProgress & { readonly attempt?: number };

/** What the lazily loaded part of exporting needs: the stores, and the worker that encodes. */
export interface ExportSources {
  readonly media: WorkerHandle<typeof mediaApi>;
  readonly animation: AnimationStore;
  readonly settings: SettingsStore;
  readonly picturesAt: (
    positions: readonly number[],
  ) => Promise<{ readonly source: PictureSource; readonly frames: PictureRef[] }>;
}

/** Creates the store of exports. What encodes is loaded with the first export. */
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
  environment: Pick<Environment, 'nextPaint' | 'now' | 'saveFile' | 'today'>;
}): ExportStore {
  const store = createStore<ExportState>()(() => ({ job: null, written: null }));
  let lastJob = 0;
  let controller = new AbortController();
  /** Start time of the running attempt, on the environment's clock. */
  let since = 0;
  /** Unfinished exports by project id, including cancelled ones that may still be reading. */
  const writing = new Map<string, Promise<unknown>>();
  const latest = createLatest<JobEvent>(environment.nextPaint, (event) => {
    const { job } = store.getState();
    if (!job) return;
    const { done, of, attempt = 1 } = event;
    if (attempt !== job.attempt) since = environment.now();
    const seconds = (environment.now() - since) / 1000;
    const secondsLeft = done > 0 && seconds > 0 ? (seconds * (of - done)) / done : null;
    store.setState({ job: { ...job, progress: { done, of }, attempt, secondsLeft } });
  });

  function end() {
    latest.cancel();
    store.setState({ job: null });
  }

  /** References to the pictures at some positions, and the source from which a worker reads them. */
  async function picturesAt(
    positions: readonly number[],
  ): Promise<{ source: PictureSource; frames: PictureRef[] }> {
    const { project, start, frames } = animation.getState();
    if (!project || !start) throw new RangeError('there is nothing to write');
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

  /** The pictures of a quick download, in playback order. */
  function sequence(kind: ExportKind) {
    const range = playbackRangeOf(animation.getState().frames.length, preferences.getState());
    // An archive has every picture once, even if the animation plays them twice.
    const positions = playbackPositions(kind === 'zip' ? { ...range, pingPong: false } : range);
    return picturesAt(withHolds(animation.getState().frames, positions));
  }

  const sources: ExportSources = { media, animation, settings, picturesAt };

  async function encode(
    kind: ExportKind,
    { source, frames }: { readonly source: PictureSource; readonly frames: PictureRef[] },
    call: { readonly signal: AbortSignal; readonly onEvent: (progress: EncodeProgress) => void },
  ) {
    const params = { source: { ...source, held: [...source.held] }, frames };
    const frameRate = frameRateOf(settings.getState().values);
    switch (kind) {
      case 'gif': {
        const { loop } = preferences.getState();
        return media.call(kind, { ...params, frameRate, loop }, call);
      }
      case 'mp4':
        return media.call(kind, { ...params, frameRate }, call);
      case 'zip':
        return media.call(kind, params, call);
    }
  }

  /**
   * Runs an export, unless one is running.
   *
   * @param isWhole whether the file has all frames, so that they count as saved
   * @param work writes the file; returns the announcement
   */
  async function run(
    kind: ExportJob['kind'],
    isWhole: boolean,
    work: (signal: AbortSignal, onEvent: (event: JobEvent) => void) => Promise<string>,
  ): Promise<void> {
    if (store.getState().job) return;
    controller = new AbortController();
    const { signal } = controller;
    const { frames, project } = animation.getState();
    since = environment.now();
    const progress = { done: 0, of: frames.length };
    store.setState({ job: { id: ++lastJob, kind, progress, attempt: 1, secondsLeft: null } });
    const attempt = async () => {
      try {
        const said = await work(signal, (event) => {
          if (!signal.aborted) latest.push(event);
        });
        if (signal.aborted) return;
        end();
        if (isWhole && animation.getState().frames === frames) animation.markSaved();
        notices.announce(said);
      } catch (error) {
        if (signal.aborted) return;
        end();
        notices.error(error, { kept: 'Your frames are kept.' });
      }
    };
    const id = project?.id ?? '';
    const all = Promise.all([writing.get(id), attempt()]);
    writing.set(id, all);
    await all;
    if (writing.get(id) === all) writing.delete(id);
  }

  return {
    ...store,
    sources,
    async download(kind) {
      if (animation.getState().frames.length === 0) {
        notices.error(
          new MediaError('no-frames', 'There are no frames to download yet.', {
            remedy: 'Press Generate first.',
          }),
        );
        return;
      }
      await run(kind, true, async (signal, onEvent) => {
        const wanted = await sequence(kind);
        signal.throwIfAborted();
        const { file } = await encode(kind, wanted, { signal, onEvent });
        signal.throwIfAborted();
        environment.saveFile(file, fileName(environment.today(), kind));
        return `${kind.toUpperCase()} downloaded.`;
      });
    },
    async save(request, target) {
      store.setState({ written: null });
      const count = animation.getState().frames.length;
      const isWhole = new Set(request.positions.filter((position) => position > 0)).size === count;
      await run(request.options.format, isWhole, async (signal, onEvent) => {
        const { exported } = await import('./export-files.ts');
        const { file, ...rest } = await exported(request, target, sources, { signal, onEvent });
        signal.throwIfAborted();
        const name = target?.name ?? suggestedName(environment.today(), request.options.format);
        if (file) environment.saveFile(file, name);
        store.setState({ written: { ...rest, name, file } });
        return `${name} is written.`;
      });
    },
    dismiss() {
      store.setState({ written: null });
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

/** Default name of a file of the Export dialog. */
export function suggestedName(day: Date, format: ExportFormat): string {
  return fileName(day, format === 'apng' ? 'png' : format);
}

/** File name with the local date, for example `drift-2025-01-31.gif`. */
function fileName(day: Date, extension: string): string {
  const two = (value: number) => String(value).padStart(2, '0');
  return `drift-${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())}.${extension}`;
}
