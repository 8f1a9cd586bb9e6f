import { createStore } from 'zustand/vanilla';
import type { StoreApi } from 'zustand/vanilla';
import { advancePlayhead, frameRateOf } from '../project/index.ts';
import type { Playhead, PlaybackRange } from '../project/index.ts';
import type { AnimationStore } from './animation.ts';
import { holdAt } from './frames.ts';
import type { GenerationStore } from './generation.ts';
import type { Preferences } from './preferences.ts';
import { createReadAhead } from './read-ahead.ts';
import type { SettingsStore } from './settings.ts';

/** State of playback. */
export interface PlayerState {
  /** Position shown on the stage: 0 is the start picture, 1 the first frame. */
  readonly position: number;
  /** Whether the stage shows new frames as they are made, and previews. */
  readonly following: boolean;
  readonly playing: boolean;
  /** Position that the stage shows instead, for comparison with the picture at `position`; null without comparison. */
  readonly compared: number | null;
}

/** Picture that the current one is compared with. */
export type ComparedPicture = 'before' | 'start';

/** Playback, and the position that the stage shows. */
export interface PlayerStore extends StoreApi<PlayerState> {
  /** Shows a position, clamped to the animation, and stops playing and following. */
  readonly show: (position: number) => void;
  /** Moves the position by a number of frames, negative for back. */
  readonly step: (by: number) => void;
  /** Shows the frame before, or the start picture, until `endComparison` or until the position changes. */
  readonly compare: (comparison: ComparedPicture) => void;
  readonly endComparison: () => void;
  /** Shows the newest frame, and new ones as they are made. */
  readonly follow: () => void;
  readonly play: () => void;
  readonly pause: () => void;
  /** Advances playback to the time `now`, in milliseconds. */
  readonly tick: (now: number) => void;
}

/** Gaps between ticks longer than this, in milliseconds, are not caught up with. */
const longestGap = 250;

/** Maximum number of pictures to read ahead: a third of a second at 30 frames per second. */
const picturesAhead = 10;

/** The current playback range and repetition of the animation. */
export function playbackRangeOf(
  frames: number,
  { loop, pingPong, includeStart }: Pick<Preferences, 'loop' | 'pingPong' | 'includeStart'>,
): PlaybackRange {
  return { first: includeStart ? 0 : 1, last: frames, loop, pingPong };
}

/** Creates the store of playback: the position on the stage, advanced by `tick`. */
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
  // The stage reports pictures that cannot be read when it shows them.
  const readAhead = createReadAhead(
    (position) => animation.pictureAt(position).catch(() => undefined),
    (position) => {
      const { width, height } = animation.getState().frames.at(position - 1) ?? { width: 0, height: 0 };
      return 4 * width * height;
    },
  );

  /** Reads the next pictures ahead during playback. */
  function lookAhead() {
    const positions: number[] = [];
    let head: Playhead | null = { position: store.getState().position, direction };
    while (head && positions.length < picturesAhead) {
      head = advancePlayhead(range(), head);
      if (head) positions.push(head.position);
    }
    readAhead.want(positions);
  }

  const store = createStore<PlayerState>()(() => ({
    position: 0,
    following: false,
    playing: false,
    compared: null,
  }));
  let direction: Playhead['direction'] = 1;
  /** Times at which the current frame was due and of the last tick, in milliseconds; null before the first tick. */
  let clock: { since: number; ticked: number } | null = null;

  const range = () => playbackRangeOf(animation.getState().frames.length, preferences.getState());
  const last = () => animation.getState().frames.length;

  animation.subscribe(({ frames, edition, edited }, before) => {
    if (edition !== before.edition) {
      // Follow a run that was waiting for this start picture.
      const following = generation.getState().run !== null;
      store.setState({ position: edited ?? frames.length, following, playing: false, compared: null });
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
      store.setState({ position: clamped, following: false, playing: false, compared: null });
    },
    step(by) {
      player.show(store.getState().position + by);
    },
    compare(comparison) {
      const { position } = store.getState();
      if (position === 0) return;
      player.show(position);
      store.setState({ compared: comparison === 'start' ? 0 : position - 1 });
    },
    endComparison() {
      store.setState({ compared: null });
    },
    follow() {
      store.setState({ position: last(), following: true, playing: false, compared: null });
    },
    play() {
      const { first, last, loop } = range();
      if (last <= first) return;
      clock = null;
      direction = 1;
      const { position } = store.getState();
      const restart = position < first || (position >= last && !loop);
      store.setState({
        position: restart ? first : position,
        following: false,
        playing: true,
        compared: null,
      });
      lookAhead();
    },
    pause() {
      store.setState({ playing: false });
    },
    tick(now) {
      if (!store.getState().playing) return;
      const duration = 1000 / (frameRateOf(settings.getState().values) * preferences.getState().speed);
      if (!clock || now - clock.ticked > Math.max(longestGap, 2 * duration)) {
        clock = { since: now, ticked: now };
        return;
      }
      clock.ticked = now;
      let head: Playhead | null = { position: store.getState().position, direction };
      const { frames } = animation.getState();
      for (;;) {
        const shownFor = holdAt(frames, head.position) * duration;
        if (now - clock.since < shownFor) break;
        clock.since += shownFor;
        head = advancePlayhead(range(), head);
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
