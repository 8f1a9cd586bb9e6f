import { createStore } from 'zustand/vanilla';
import type { StoreApi } from 'zustand/vanilla';
import { WorkerError } from '../base/index.ts';
import type { Picture } from '../base/index.ts';
import type { Fit, FrameInsight, mediaApi } from '../protocol/index.ts';
import type { Settings } from '../project/index.ts';
import type { Addresses, Shown } from './addresses.ts';
import type { Link } from './link.ts';
import type { Notices } from './notices.ts';
import type { Preferences } from './preferences.ts';
import type { SettingsStore } from './settings.ts';

interface Cut {
  readonly width: number;
  readonly height: number;
  readonly fit: Fit;
}

/** The picture that an animation starts from. */
export interface StartPicture extends Shown {
  readonly name: string;
  /** The file itself, from which other sizes are cut. */
  readonly file: Blob;
  /** How the picture was cut from the file. */
  readonly cut: Cut;
}

/** A finished frame. */
export interface Frame extends Shown {
  /** Its place in the animation, from 1. */
  readonly number: number;
  /** Seconds that it took. */
  readonly seconds: number;
  readonly insight: FrameInsight;
  /** The settings that it was made with. */
  readonly settings: Settings;
}

export interface AnimationState {
  readonly start: StartPicture | null;
  /** A start picture is being fetched, read or cut to another size. */
  readonly reading: boolean;
  readonly frames: readonly Frame[];
  /** Frames have been made that no download holds. */
  readonly unsaved: boolean;
  /** Counts up whenever another animation takes the place of this one. */
  readonly edition: number;
}

export interface AnimationStore extends StoreApi<AnimationState> {
  /**
   * Makes a picture the start of a new animation once it has been read; frames made before are put aside, with
   * a way back. A picture that cannot be read changes nothing. `file` may still be on its way.
   */
  readonly chooseStart: (file: Blob | Promise<Blob>, name: string) => Promise<void>;
  /** Resolves when no picture is being read any more. */
  readonly whenRead: () => Promise<void>;
  /** Adds a finished frame to the end. */
  readonly append: (frame: Omit<Frame, 'id' | 'number'>) => Frame;
  /** Puts the frames aside, with a way back, and goes back to the start picture. */
  readonly startOver: () => void;
  /** Has the animation end at a position, 0 being the start picture. */
  readonly goBackTo: (position: number) => void;
  /** The frames as they are have been saved. */
  readonly markSaved: () => void;
}

/** The topic of the news that frames were put aside. */
const shelfTopic = 'frames';

/** What the person makes: a start picture and the frames that came of it. */
export function createAnimation({
  media,
  addresses,
  settings,
  preferences,
  notices,
}: {
  media: Link<typeof mediaApi>;
  addresses: Addresses;
  settings: SettingsStore;
  preferences: StoreApi<Preferences>;
  notices: Notices;
}): AnimationStore {
  const store = createStore<AnimationState>()(() => ({
    start: null,
    reading: false,
    frames: [],
    unsaved: false,
    edition: 0,
  }));
  let lastId = 0;
  let stopReading = new AbortController();
  let readingDone = Promise.resolve();
  /** What was put aside last, as long as there is a way back to it. */
  let shelf: Pick<AnimationState, 'start' | 'frames'> | null = null;

  const wantedCut = (): Cut => {
    const { width, height } = settings.getState().values;
    return { width, height, fit: preferences.getState().fit };
  };
  const isWanted = (cut: Cut) => {
    const { width, height, fit } = wantedCut();
    return cut.width === width && cut.height === height && cut.fit === fit;
  };

  /** Reads a picture at the size of the settings, again when they change meanwhile. */
  async function decode(file: Blob, signal: AbortSignal): Promise<{ picture: Picture; cut: Cut }> {
    for (;;) {
      const cut = wantedCut();
      const picture = await media.current().call('decode', { file, ...cut }, { signal });
      if (isWanted(cut)) return { picture, cut };
    }
  }

  async function read(
    source: Blob | Promise<Blob>,
    name: string,
    signal: AbortSignal,
    accept: (start: StartPicture) => void,
  ): Promise<void> {
    try {
      const file = await source;
      signal.throwIfAborted();
      const { picture, cut } = await decode(file, signal);
      if (!signal.aborted) accept({ id: ++lastId, name, file, picture, cut });
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof WorkerError) media.reset();
      notices.error(error, {
        ...(error instanceof WorkerError && { remedy: 'Try again: this part of Drift has been restarted.' }),
        kept: store.getState().start ? 'The picture that was there before is still in place.' : '',
      });
    } finally {
      if (!signal.aborted) store.setState({ reading: false });
    }
  }

  /** Starts reading; what was being read before is given up. */
  function begin(source: Blob | Promise<Blob>, name: string, accept: (start: StartPicture) => void) {
    stopReading.abort();
    stopReading = new AbortController();
    store.setState({ reading: true });
    readingDone = read(source, name, stopReading.signal, accept);
    return readingDone;
  }

  /** Takes a picture's address back, unless the shelf may bring the picture back. */
  function releaseStart(start: StartPicture | null) {
    if (start && shelf?.start?.id !== start.id) addresses.release([start]);
  }

  function replaceStart(start: StartPicture) {
    releaseStart(store.getState().start);
    store.setState({ start });
    addresses.add(start);
  }

  /** Cuts the start picture again when its size is no longer that of the settings. Frames pin it as it is. */
  function recut() {
    const { start, frames, reading } = store.getState();
    // A picture that is being read is measured against the settings when it arrives.
    if (!start || frames.length > 0 || reading || isWanted(start.cut)) return;
    void begin(start.file, start.name, replaceStart);
  }
  settings.subscribe(recut);
  preferences.subscribe(recut);

  function nextEdition(state: Pick<AnimationState, 'start' | 'frames'>) {
    store.setState(({ edition }) => ({ ...state, edition: edition + 1, unsaved: state.frames.length > 0 }));
  }

  function putAside() {
    const { start, frames } = store.getState();
    // Empties the shelf first: what lay there before cannot come back any more.
    notices.dismissTopic(shelfTopic);
    shelf = { start, frames };
    nextEdition({ start, frames: [] });
    const count = frames.length === 1 ? '1 frame was' : `${frames.length} frames were`;
    notices.info(shelfTopic, `${count} put aside.`, [{ label: 'Undo', run: takeBack }], emptyShelf);
  }

  function emptyShelf() {
    if (!shelf) return;
    const { start, frames } = shelf;
    shelf = null;
    addresses.release(frames);
    if (start?.id !== store.getState().start?.id) releaseStart(start);
  }

  function takeBack() {
    if (!shelf) return;
    const { start, frames } = store.getState();
    stopReading.abort();
    addresses.release(frames);
    releaseStart(start);
    store.setState({ reading: false });
    nextEdition(shelf);
    shelf = null;
  }

  return {
    ...store,
    chooseStart(file, name) {
      return begin(file, name, (start) => {
        if (store.getState().frames.length > 0) putAside();
        replaceStart(start);
        nextEdition({ start, frames: [] });
        notices.announce(`${name} is the start picture.`);
      });
    },
    async whenRead() {
      while (store.getState().reading) await readingDone;
    },
    append(made) {
      const frame: Frame = { ...made, id: ++lastId, number: store.getState().frames.length + 1 };
      // Now that new frames are being made, the old ones will not be wanted back: their memory is.
      notices.dismissTopic(shelfTopic);
      store.setState(({ frames }) => ({ frames: [...frames, frame], unsaved: true }));
      addresses.add(frame);
      return frame;
    },
    startOver() {
      if (store.getState().frames.length === 0) return;
      putAside();
      recut();
    },
    goBackTo(position) {
      const { frames } = store.getState();
      const left = frames.slice(position);
      if (left.length === 0) return;
      store.setState({ frames: frames.slice(0, position) });
      addresses.release(left);
    },
    markSaved() {
      store.setState({ unsaved: false });
    },
  };
}
