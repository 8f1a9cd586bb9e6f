import { InputError } from '../base/index.ts';
import type { Picture } from '../base/index.ts';
import type { ProjectStart } from '../project/index.ts';
import type { StoreApi } from 'zustand/vanilla';
import type { Fit, mediaApi } from '../protocol/index.ts';
import type { WorkerHandle } from './worker-handle.ts';
import type { Preferences } from './preferences.ts';
import type { SettingsStore } from './settings.ts';

/** Size in pixels to which a picture is fitted, and how. */
export interface FittedSize {
  readonly width: number;
  readonly height: number;
  readonly fit: Fit;
}

/** The picture that an animation starts from. Unlike those of frames, its pixels stay in memory. */
export interface StartPicture {
  /** Unique id, new each time the picture is fitted. */
  readonly id: number;
  readonly picture: Picture;
  readonly name: string;
  /** The original file, from which it is fitted to other sizes. */
  readonly file: Blob;
  /** How `picture` was fitted. */
  readonly cut: FittedSize;
}

/** Decodes start pictures and fits them to the size in the settings. */
export interface StartCutter {
  /** Assigns an id to a picture that is decoded already. */
  readonly take: (start: Omit<StartPicture, 'id'>) => StartPicture;
  /**
   * Decodes and fits a file; repeats that if the size changes meanwhile.
   *
   * @throws InputError if the file cannot be read; the signal's reason when aborted
   */
  readonly read: (source: Blob | Promise<Blob>, name: string, signal: AbortSignal) => Promise<StartPicture>;
  /** Whether a picture has the current size and fit. */
  readonly isCurrent: (start: StartPicture) => boolean;
}

/** Creates the decoder of start pictures; they are decoded in the media worker. */
export function createStartCutter({
  media,
  settings,
  preferences,
}: {
  media: WorkerHandle<typeof mediaApi>;
  settings: SettingsStore;
  preferences: StoreApi<Preferences>;
}): StartCutter {
  let lastId = 0;
  /** Copies of files in the page's memory: the file on disk may be moved, changed or removed at any time. */
  const owned = new WeakSet<Blob>();

  const wanted = (): FittedSize => {
    const { width, height } = settings.getState().values;
    return { width, height, fit: preferences.getState().fit };
  };
  const isWanted = (cut: FittedSize) => {
    const { width, height, fit } = wanted();
    return cut.width === width && cut.height === height && cut.fit === fit;
  };

  async function ownCopy(file: Blob): Promise<Blob> {
    if (owned.has(file)) return file;
    const copy = await copyToMemory(file);
    owned.add(copy);
    return copy;
  }

  return {
    take: (start) => ({ ...start, id: ++lastId }),
    async read(source, name, signal) {
      const file = await ownCopy(await source);
      for (;;) {
        signal.throwIfAborted();
        const cut = wanted();
        const picture = await media.call('decode', { file, ...cut }, { signal });
        signal.throwIfAborted();
        if (isWanted(cut)) return { id: ++lastId, name, file, picture, cut };
      }
    },
    isCurrent: ({ cut }) => isWanted(cut),
  };
}

/** Copies a file into memory. @throws InputError `file-unreadable` */
export async function copyToMemory(file: Blob): Promise<Blob> {
  const bytes = await file.arrayBuffer().catch((cause: unknown) => {
    throw new InputError('file-unreadable', 'The file could not be read.', {
      remedy: 'It may have been moved or changed since you chose it: choose it again.',
      details: { bytes: file.size },
      cause,
    });
  });
  return new Blob([bytes], { type: file.type });
}

/** Maximum length of names derived from file names. */
const longestName = 60;

/** Describes a start picture in a project's document. */
export function documentStart({ name, cut }: StartPicture): ProjectStart {
  const { width, height, fit } = cut;
  return { name: name.slice(0, longestName), width, height, fit };
}

/** Default name of a project: the file name of its start picture without the extension. */
export function projectName(file: string): string {
  return file.replace(/\.[a-z0-9]{1,5}$/i, '').slice(0, longestName) || 'Untitled';
}
