import { InputError } from '../base/index.ts';
import type { Picture } from '../base/index.ts';
import type { ProjectStart } from '../project/index.ts';
import type { StoreApi } from 'zustand/vanilla';
import type { Fit, mediaApi } from '../protocol/index.ts';
import type { WorkerHandle } from './worker-handle.ts';
import type { Preferences } from './preferences.ts';
import type { SettingsStore } from './settings.ts';

/** How a picture is brought into the shape of a frame. */
export interface Cut {
  readonly width: number;
  readonly height: number;
  readonly fit: Fit;
}

/** The picture that an animation starts from. Unlike frames, its pixels are on the page. */
export interface StartPicture {
  /** Another one for each cut. */
  readonly id: number;
  readonly picture: Picture;
  readonly name: string;
  /** The file itself, from which other sizes are cut. */
  readonly file: Blob;
  /** How the picture was cut from the file. */
  readonly cut: Cut;
}

/** Cuts start pictures from files, at the size of the settings. */
export interface StartCutter {
  /** Numbers a picture that is there already. */
  readonly take: (start: Omit<StartPicture, 'id'>) => StartPicture;
  /**
   * Reads a file; again when the size is changed meanwhile.
   *
   * @throws InputError when it cannot be read; the signal's reason when it is aborted
   */
  readonly read: (source: Blob | Promise<Blob>, name: string, signal: AbortSignal) => Promise<StartPicture>;
  /** Whether a picture has the size and fit that are wanted now. */
  readonly isCurrent: (start: StartPicture) => boolean;
}

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
  /** Copies of files that belong to the page: the file itself may be moved, changed or removed at any time. */
  const owned = new WeakSet<Blob>();

  const wanted = (): Cut => {
    const { width, height } = settings.getState().values;
    return { width, height, fit: preferences.getState().fit };
  };
  const isWanted = (cut: Cut) => {
    const { width, height, fit } = wanted();
    return cut.width === width && cut.height === height && cut.fit === fit;
  };

  async function ownCopy(file: Blob): Promise<Blob> {
    if (owned.has(file)) return file;
    const bytes = await file.arrayBuffer().catch((cause: unknown) => {
      throw new InputError('file-unreadable', 'The file could not be read.', {
        remedy: 'It may have been moved or changed since you chose it: choose it again.',
        details: { bytes: file.size },
        cause,
      });
    });
    const copy = new Blob([bytes], { type: file.type });
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

/** The longest name that a project gets by itself. */
const longestName = 60;

/** What a project's document says of its start picture. */
export function documentStart({ name, cut }: StartPicture): ProjectStart {
  const { width, height, fit } = cut;
  return { name: name.slice(0, longestName), width, height, fit };
}

/** What a project is called at first: its start picture's file without the ending. */
export function projectName(file: string): string {
  return file.replace(/\.[a-z0-9]{1,5}$/i, '').slice(0, longestName) || 'Untitled';
}
