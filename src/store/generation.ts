import { createStore } from 'zustand/vanilla';
import type { StoreApi } from 'zustand/vanilla';
import { InputError, StorageError, isAbort } from '../base/index.ts';
import type { Picture } from '../base/index.ts';
import type { GenerationProgress, diffusionApi } from '../protocol/index.ts';
import { startId } from '../project/index.ts';
import type { Settings } from '../project/index.ts';
import type { End } from './animation-history.ts';
import type { AnimationStore } from './animation.ts';
import type { Environment } from './environment.ts';
import { createLatest } from './latest.ts';
import type { WorkerHandle } from './worker-handle.ts';
import type { ModelStore } from './model.ts';
import { workOf } from './modes.ts';
import type { Notices } from './notices.ts';
import type { SettingsStore } from './settings.ts';

/** One press on Generate, until its last frame or until it is stopped. */
export interface Run {
  readonly id: number;
  /** Waiting for the model or the start picture, or making frames. */
  readonly phase: 'waiting' | 'running';
  /** How many frames this run makes, and how many of them are done. */
  readonly frames: number;
  readonly made: number;
  /** The size of its frames in pixels. */
  readonly width: number;
  readonly height: number;
  /** When it began, in milliseconds. */
  readonly begun: number;
  readonly progress: GenerationProgress | null;
  /** The frame in the making, as a small picture. */
  readonly preview: Picture | null;
}

/** How a run ended. */
export interface Outcome {
  readonly kind: 'done' | 'stopped' | 'failed';
  readonly made: number;
  readonly seconds: number;
}

export interface GenerationState {
  readonly run: Run | null;
  readonly outcome: Outcome | null;
}

export interface GenerationStore extends StoreApi<GenerationState> {
  /**
   * Makes new frames in the mode that is chosen, from the last frame, or else from the start picture. Waits for the
   * model and the start picture where they are on their way. Does nothing during a run.
   */
  readonly generate: () => Promise<void>;
  /** Stops at once. Finished frames stay. */
  readonly stop: () => void;
}

export function createGeneration({
  diffusion,
  animation,
  model,
  settings,
  notices,
  environment,
}: {
  diffusion: WorkerHandle<typeof diffusionApi>;
  animation: AnimationStore;
  model: ModelStore;
  settings: SettingsStore;
  notices: Notices;
  environment: Pick<Environment, 'nextPaint' | 'now'>;
}): GenerationStore {
  const store = createStore<GenerationState>()(() => ({ run: null, outcome: null }));
  let lastRun = 0;
  /** Where the animation ended when the run began. */
  let from: End = { project: null, leaf: startId };
  let controller = new AbortController();

  const isCurrent = (id: number) => store.getState().run?.id === id;
  const patch = (id: number, part: Partial<Run>) => {
    const { run } = store.getState();
    if (run?.id === id) store.setState({ run: { ...run, ...part } });
  };
  const latestProgress = createLatest<{ id: number; progress: GenerationProgress }>(
    environment.nextPaint,
    ({ id, progress }) => {
      patch(id, { progress });
    },
  );
  const latestPreview = createLatest<{ id: number; preview: Picture }>(
    environment.nextPaint,
    ({ id, preview }) => {
      patch(id, { preview });
    },
  );

  function end(kind: Outcome['kind']) {
    const { run } = store.getState();
    if (!run) return;
    latestProgress.cancel();
    latestPreview.cancel();
    const seconds = (environment.now() - run.begun) / 1000;
    const outcome = run.phase === 'running' ? { kind, made: run.made, seconds } : null;
    store.setState({ run: null, outcome });
    if (run.made > 0) animation.history.moved('Generate', from);
    if (kind === 'done') notices.announce(`Done: ${countFrames(run.made)}.`);
    if (kind === 'stopped') {
      notices.announce(run.made > 0 ? `Stopped. ${countFrames(run.made)} kept.` : 'Stopped.');
    }
  }

  /** The settings, if new frames can be made with them and fit those that are there. */
  function checkedSettings(): Settings | null {
    const values = settings.commitAll();
    const last = animation.getState().frames.at(-1);
    if (!values || !last) return values;
    const { width, height } = last;
    for (const key of ['width', 'height'] as const) {
      if (last[key] === values[key]) continue;
      settings.refuse(key, {
        message: `All frames of an animation have one size: so far ${width} × ${height}. Go back to it, or start over.`,
        suggestions: [last[key]],
      });
      return null;
    }
    return values;
  }

  async function run(id: number, signal: AbortSignal): Promise<void> {
    const ready = await model.whenReady();
    // The model's own defaults may have changed the size, and with it the start picture.
    await animation.whenRead();
    if (!isCurrent(id)) return;
    const values = ready ? checkedSettings() : null;
    const { start, frames } = animation.getState();
    if (!values || !start) {
      end('failed');
      return;
    }
    const { width, height } = values;
    // Another model may be chosen before the last frame is made.
    const maker = model.getState().model?.name ?? '';
    const work = workOf(frames, values, animation.pictureAt);
    const { project, tree } = animation.getState();
    from = { project, leaf: tree.leaf };
    patch(id, { phase: 'running', frames: work.frames, width, height, begun: environment.now() });
    notices.announce(`Making ${countFrames(work.frames)}.`);
    await work.begin(diffusion.current(), {
      signal,
      onEvent: (event) => {
        if (event.kind === 'notice') {
          model.hear(event);
          return;
        }
        // What a stopped run still had on its way does not belong to the animation any more.
        if (!isCurrent(id)) return;
        if (event.kind === 'progress') {
          latestProgress.push({ id, progress: event.progress });
        } else if (event.kind === 'preview') {
          latestPreview.push({ id, preview: event.picture });
        } else {
          const { frame, picture, insight, seconds, leg } = event;
          latestPreview.cancel();
          const { number } = animation.append({
            picture,
            insight,
            seconds,
            leg,
            settings: values,
            model: maker,
          });
          const made = frame + 1;
          patch(id, { made, preview: null });
          if (made < work.frames) {
            notices.announce(`Frame ${number} is done: ${made} of ${work.frames}.`);
          }
        }
      },
    });
    if (isCurrent(id)) end('done');
  }

  // Another animation has taken the place of the one that is being continued.
  animation.subscribe(({ edition }, before) => {
    if (edition === before.edition) return;
    if (store.getState().run?.phase === 'running') generation.stop();
    store.setState({ outcome: null });
    // What did not fit the frames that were there may fit now.
    settings.recheck();
  });

  const generation: GenerationStore = {
    ...store,
    async generate() {
      if (store.getState().run) return;
      if (animation.getState().project?.readOnly) {
        notices.error(
          new StorageError(
            'read-only',
            'This project is open in another tab, so no frames can be added here.',
            {
              remedy: 'Go on in the other tab, or make a copy of the project and go on with that.',
            },
          ),
        );
        return;
      }
      // Only the fields: whether the size fits is known once the model's own defaults are.
      const values = settings.commitAll();
      if (!values) return;
      const { start, reading } = animation.getState();
      if (!start && !reading) {
        notices.error(
          new InputError('no-start-picture', 'There is no picture to start from yet.', {
            remedy: 'Drop one on the page, paste one, choose a file, or take one of the examples.',
          }),
        );
        return;
      }
      controller = new AbortController();
      const id = ++lastRun;
      const { frames, width, height } = values;
      const begun = environment.now();
      store.setState({
        outcome: null,
        run: { id, phase: 'waiting', frames, made: 0, width, height, begun, progress: null, preview: null },
      });
      try {
        await run(id, controller.signal);
      } catch (error) {
        if (!isCurrent(id)) return;
        end(isAbort(error) ? 'stopped' : 'failed');
        const made = animation.getState().frames.length;
        const kept =
          made === 1 ? 'The frame made so far is kept.' : `All ${made} frames made so far are kept.`;
        model.report(error, { kept: made > 0 ? kept : '' });
      }
    },
    stop() {
      controller.abort();
      end('stopped');
    },
  };
  return generation;
}

function countFrames(count: number): string {
  return count === 1 ? '1 frame' : `${count} frames`;
}
