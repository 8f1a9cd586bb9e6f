import { createStore } from 'zustand/vanilla';
import type { StoreApi } from 'zustand/vanilla';
import { advance, frameRateOf } from '../project/index.ts';
import type { Playhead, Reel } from '../project/index.ts';
import type { AnimationStore } from './animation.ts';
import type { GenerationStore } from './generation.ts';
import type { Preferences } from './preferences.ts';
import { createReadAhead } from './read-ahead.ts';
import type { SettingsStore } from './settings.ts';

export interface PlayerState {
  /** What the stage shows: 0 is the start picture, 1 the first frame. */
  readonly position: number;
  /** The stage shows the newest frame as it comes, and the one in the making. */
  readonly following: boolean;
  readonly playing: boolean;
}

export interface PlayerStore extends StoreApi<PlayerState> {
  /** Shows a position and stays there; playing stops. Positions beyond the ends count as the ends. */
  readonly show: (position: number) => void;
  /** Shows the position so many further on. */
  readonly step: (by: number) => void;
  /** Shows the newest frame, and those that are being made as they come. */
  readonly follow: () => void;
  readonly play: () => void;
  readonly pause: () => void;
  /** Moves on as far as the time since the last tick asks for; `now` in milliseconds. */
  readonly tick: (now: number) => void;
}

/** A pause of the browser longer than this, in milliseconds, is not caught up with. */
const longestGap = 250;

/** So many pictures are read before it is their turn: a third of a second at 30 a second. */
const picturesAhead = 10;

/** How the animation runs at the moment: over what, and what comes at its end. */
export function reelOf(
  frames: number,
  { loop, pingPong, includeStart }: Pick<Preferences, 'loop' | 'pingPong' | 'includeStart'>,
): Reel {
  return { first: includeStart ? 0 : 1, last: frames, loop, pingPong };
}

/** Which picture the stage shows, and the clock that moves it. */
export function createPlayer({
  animation,
  generation,
  settings,
  preferences,
}: {
  animation: AnimationStore;
  generation: GenerationStore;
  settings: SettingsStore;
  preferences: StoreApi<Preferences>;
}): PlayerStore {
  // What cannot be read is told when it is on the stage.
  const readAhead = createReadAhead((position) => animation.pictureAt(position).catch(() => undefined));

  /** Reads the pictures that come next while it plays, so that they are there when it is their turn. */
  function lookAhead() {
    const positions: number[] = [];
    let head: Playhead | null = { position: store.getState().position, direction };
    while (head && positions.length < picturesAhead) {
      head = advance(reel(), head);
      if (head) positions.push(head.position);
    }
    readAhead.want(positions);
  }

  const store = createStore<PlayerState>()(() => ({ position: 0, following: false, playing: false }));
  let direction: Playhead['direction'] = 1;
  /** When the picture on the stage came up, in milliseconds; null before the first tick. */
  let since: number | null = null;

  const reel = () => reelOf(animation.getState().frames.length, preferences.getState());
  const last = () => animation.getState().frames.length;

  animation.subscribe(({ frames, edition }, before) => {
    if (edition !== before.edition) {
      // A run that waited for this very picture is watched as it begins.
      const following = generation.getState().run !== null;
      store.setState({ position: frames.length, following, playing: false });
    } else if (frames.length > before.frames.length && store.getState().following) {
      store.setState({ position: frames.length });
    }
  });
  generation.subscribe(({ run }, before) => {
    if (run && run.id !== before.run?.id) player.follow();
    if (!run && before.run) store.setState({ following: false });
  });

  const player: PlayerStore = {
    ...store,
    show(position) {
      const clamped = Math.min(Math.max(Math.round(position), 0), last());
      store.setState({ position: clamped, following: false, playing: false });
    },
    step(by) {
      player.show(store.getState().position + by);
    },
    follow() {
      store.setState({ position: last(), following: true, playing: false });
    },
    play() {
      const { first, last, loop } = reel();
      if (last <= first) return;
      since = null;
      direction = 1;
      const { position } = store.getState();
      const restart = position < first || (position >= last && !loop);
      store.setState({ position: restart ? first : position, following: false, playing: true });
      lookAhead();
    },
    pause() {
      store.setState({ playing: false });
    },
    tick(now) {
      if (!store.getState().playing) return;
      const duration = 1000 / (frameRateOf(settings.getState().values) * preferences.getState().speed);
      if (since === null || now - since > Math.max(longestGap, 2 * duration)) {
        since = now;
        return;
      }
      let head: Playhead | null = { position: store.getState().position, direction };
      while (now - since >= duration) {
        since += duration;
        head = advance(reel(), head);
        if (!head) {
          store.setState({ playing: false });
          return;
        }
        direction = head.direction;
      }
      if (head.position === store.getState().position) return;
      store.setState({ position: head.position });
      lookAhead();
    },
  };
  return player;
}
