import { createStore } from 'zustand/vanilla';
import type { StoreApi } from 'zustand/vanilla';
import { InputError, isAbort } from '../base/index.ts';
import type { Picture } from '../base/index.ts';
import { isSameSettings, rollOf } from '../project/index.ts';
import type { Settings } from '../project/index.ts';
import type { RoundEvent, diffusionApi } from '../protocol/index.ts';
import type { AnimationStore } from './animation.ts';
import type { Environment } from './environment.ts';
import type { GenerationStore } from './generation.ts';
import { createLatest } from './latest.ts';
import type { WorkerHandle } from './worker-handle.ts';
import type { ModelStore } from './model.ts';
import { hasFrameSize } from './modes.ts';
import type { Notices } from './notices.ts';
import { blankVariants, finishedVariants, withFinished, withPreviews } from './pick-round.ts';
import type { FinishedVariant, Round } from './pick-round.ts';
import { createPickingSession } from './pick-session.ts';
import type { Preferences } from './preferences.ts';
import type { SettingsStore } from './settings.ts';

/** State of picking by hand. */
export interface PickState {
  readonly round: Round | null;
  /** Indices of candidates whose next rounds are finished. */
  readonly ready: readonly number[];
  /** Seconds of waiting saved by speculation since the page was opened. */
  readonly savedSeconds: number;
}

/** Picking by hand: the round on the page. */
export interface PickStore extends StoreApi<PickState> {
  /** Starts a round for the next frame. Waits until model and start picture are loaded. */
  readonly begin: () => Promise<void>;
  /** Makes a finished candidate the next frame and starts the next round. Does nothing if it is not finished. */
  readonly take: (index: number) => Promise<void>;
  /** Repeats the round with other noise. */
  readonly reroll: () => Promise<void>;
  /** Goes back one frame and starts the round that the last frame was picked from. That frame stays as a branch. */
  readonly back: () => Promise<void>;
  /** Sets the candidate that the user hovers or focuses, or null; its next round is made first. */
  readonly lookAt: (index: number | null) => void;
  /** Ends picking and drops the round. Frames are kept. */
  readonly stop: () => void;
}

/** Size of a frame in pixels. */
type FrameSize = Pick<Picture, 'width' | 'height'>;

/** Creates the store of picking by hand: round after round, each with variants of the frame picked last. */
export function createPick({
  diffusion,
  animation,
  generation,
  model,
  settings,
  preferences,
  notices,
  environment,
}: {
  diffusion: WorkerHandle<typeof diffusionApi>;
  animation: AnimationStore;
  generation: GenerationStore;
  model: ModelStore;
  settings: SettingsStore;
  preferences: StoreApi<Preferences>;
  notices: Notices;
  environment: Pick<Environment, 'nextPaint'>;
}): PickStore {
  const store = createStore<PickState>()(() => ({ round: null, ready: [], savedSeconds: 0 }));
  let lastId = 0;
  let roundStop = new AbortController();
  /** Set while a pick or a step back changes the frames, which must not end picking. */
  let moving = false;

  const isCurrent = (id: number) => store.getState().round?.id === id;
  const patch = (id: number, change: (round: Round) => Partial<Round>) => {
    const { round } = store.getState();
    if (round?.id === id) store.setState({ round: { ...round, ...change(round) } });
  };
  const latestProgress = createLatest<{ id: number; progress: NonNullable<Round['progress']> }>(
    environment.nextPaint,
    ({ id, progress }) => {
      patch(id, () => ({ progress }));
    },
  );
  const latestPreview = createLatest<{ id: number; pictures: readonly Picture[] }>(
    environment.nextPaint,
    ({ id, pictures }) => {
      patch(id, (round) => withPreviews(round, pictures));
    },
  );
  const session = createPickingSession({
    diffusion,
    model,
    preferences,
    isShown: isCurrent,
    onReport: (report) => {
      store.setState(report);
    },
    onEnd: (error) => {
      endRound();
      if (error !== null) report(error);
    },
  });

  function report(error: unknown) {
    const made = animation.getState().frames.length;
    model.report(error, { kept: made > 0 ? 'All frames picked so far are kept.' : '' });
  }

  function endRound() {
    roundStop.abort();
    latestProgress.cancel();
    latestPreview.cancel();
    session.forget();
    store.setState({ round: null, ready: [] });
  }

  function onRoundEvent(id: number, event: RoundEvent) {
    // Events of a previous round may still arrive.
    if (!isCurrent(id)) return;
    switch (event.kind) {
      case 'progress':
        latestProgress.push({ id, progress: event });
        break;
      case 'preview':
        latestPreview.push({ id, pictures: event.pictures });
        break;
      case 'candidate':
        patch(id, (round) => withFinished(round, event));
    }
  }

  /**
   * Starts a round after the last frame.
   *
   * @param made candidates from speculation, and their settings: shown at once if the settings are unchanged
   */
  async function run(
    roll: number,
    made?: { readonly settings: Settings; readonly candidates: readonly FinishedVariant[] },
  ): Promise<void> {
    if (!mayMove()) return;
    let values = settings.commitAll();
    if (!values) return;
    if (!animation.getState().start && !animation.getState().reading) {
      notices.error(
        new InputError('no-start-picture', 'There is no picture to start from yet.', {
          remedy: 'Drop one on the page, paste one, choose a file, or take one of the examples.',
        }),
      );
      return;
    }
    endRound();
    roundStop = new AbortController();
    const { signal } = roundStop;
    const id = ++lastId;
    const known = made && isSameSettings(made.settings, values) ? made.candidates : null;
    const number = animation.getState().frames.length + 1;
    const round: Round = {
      id,
      number,
      roll,
      phase: known ? 'done' : 'waiting',
      variants: known ? finishedVariants(known) : blankVariants(values.batchSize),
      progress: null,
      settings: values,
    };
    store.setState({ round });
    try {
      const ready = await model.whenReady();
      // The model's defaults may have changed the size, to which the start picture is then fitted again.
      await animation.whenRead();
      if (!isCurrent(id)) return;
      values = ready ? settings.commitAll() : null;
      const { start, frames } = animation.getState();
      const origin = frames.length > 0 && start ? { origin: start.picture } : {};
      if (!values || !start || !hasFrameSize(values, frames.at(-1), settings)) {
        endRound();
        return;
      }
      const from = await animation.pictureAt(frames.length);
      if (!isCurrent(id)) return;
      const settled = values;
      const { batchSize: batch } = settled;
      if (!known) patch(id, () => ({ phase: 'making', settings: settled, variants: blankVariants(batch) }));
      session.open();
      await diffusion.current().call(
        'pickRound',
        {
          name: id,
          start: from,
          ...origin,
          frame: animation.lineage().length,
          roll,
          batch,
          settings: settled,
          previews: true,
        },
        {
          signal,
          onEvent: (event) => {
            onRoundEvent(id, event);
          },
        },
      );
      if (!isCurrent(id)) return;
      latestProgress.cancel();
      latestPreview.cancel();
      patch(id, () => ({ phase: 'done', progress: null }));
      notices.announce(
        `${batch === 1 ? '1 variant is' : `${batch} variants are`} there for frame ${number}.`,
      );
    } catch (error) {
      if (!isCurrent(id)) return;
      endRound();
      if (!isAbort(error)) report(error);
    }
  }

  /** Whether frames can be added and left: no run, and the project is not read-only. */
  function mayMove(): boolean {
    return generation.getState().run === null && !animation.getState().project?.readOnly;
  }

  function stop() {
    session.close();
    endRound();
  }

  /**
   * Whether a round can follow a frame. Checked before the animation is changed: otherwise it would have moved without
   * a next round, and the old round would still be there to pick from.
   */
  function isSizeKept(last: FrameSize | undefined): boolean {
    const values = settings.commitAll();
    return values !== null && hasFrameSize(values, last, settings);
  }

  function move(change: () => void) {
    moving = true;
    try {
      change();
    } finally {
      moving = false;
    }
  }

  animation.subscribe(({ edition, frames }, before) => {
    const changed = edition !== before.edition || frames !== before.frames;
    if (changed && !moving && store.getState().round?.phase !== 'waiting') stop();
  });
  generation.subscribe(({ run: begun }, before) => {
    if (begun && !before.run) stop();
  });
  model.subscribe(({ status }, before) => {
    if (status === 'loading' && before.status !== 'loading' && session.isOpen()) stop();
  });

  return {
    ...store,
    begin: () => run(0),
    async take(index) {
      const { round } = store.getState();
      const candidate = round?.variants[index]?.candidate;
      if (!round || !candidate || !mayMove() || !isSizeKept(candidate.picture)) return;
      const maker = model.getState().model?.name ?? '';
      const candidates = session.ahead(index);
      const before = animation.getState();
      move(() => animation.append({ ...candidate, settings: round.settings, model: maker }));
      animation.history.moved('Pick', before);
      notices.announce(`Variant ${index + 1} is frame ${round.number}.`);
      await run(0, candidates && { settings: round.settings, candidates });
    },
    async reroll() {
      const { round } = store.getState();
      if (round) await run(round.roll + 1);
    },
    async back() {
      const { frames, tree } = animation.getState();
      const left = tree.nodes.get(tree.leaf);
      // The start picture can be fitted to any size, so there is nothing to check before the first frame.
      if (!left || !mayMove() || !isSizeKept(frames.at(-2))) return;
      move(() => {
        animation.goBackTo(frames.length - 1);
      });
      await run(rollOf(left.variant));
    },
    lookAt: session.lookAt,
    stop,
  };
}
