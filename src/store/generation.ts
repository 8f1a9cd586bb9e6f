import { createStore } from 'zustand/vanilla';
import type { StoreApi } from 'zustand/vanilla';
import { InputError, StorageError, isAbort } from '../base/index.ts';
import type { Picture } from '../base/index.ts';
import type { GenerationProgress, diffusionApi } from '../protocol/index.ts';
import { emptyTree, startId, stepsComputed } from '../project/index.ts';
import type { FrameTiming, Settings } from '../project/index.ts';
import type { PlaySnapshot } from './animation-history.ts';
import type { AnimationStore } from './animation.ts';
import type { Environment } from './environment.ts';
import { createLatest } from './latest.ts';
import type { WorkerHandle } from './worker-handle.ts';
import type { ModelStore } from './model.ts';
import { hasFrameSize, runCallOf } from './modes.ts';
import type { Notices } from './notices.ts';
import type { SettingsStore } from './settings.ts';

/** A run of generation, from a press on Generate to its last frame or until it is stopped. */
export interface Run {
  readonly id: number;
  /** `waiting` for the model or the start picture, then `running`. */
  readonly phase: 'waiting' | 'running';
  /** Number of frames that this run makes, and of those that are finished. */
  readonly frames: number;
  readonly made: number;
  readonly settings: Settings;
  /** Size of its frames in pixels. */
  readonly width: number;
  readonly height: number;
  /** Start time on the environment's clock, in milliseconds. */
  readonly begun: number;
  readonly progress: GenerationProgress | null;
  /** Small preview of the frame that is being denoised. */
  readonly preview: Picture | null;
}

/** Result of a run; `seconds` is its duration. */
export interface RunOutcome {
  readonly kind: 'done' | 'stopped' | 'failed';
  readonly made: number;
  readonly seconds: number;
}

/** A run that is over. */
export interface EndedRun extends Omit<RunOutcome, 'kind'> {
  /** `replaced`: stopped because the animation that it continued was replaced by another. */
  readonly kind: RunOutcome['kind'] | 'replaced';
  readonly run: Run;
}

/** What a run that was planned earlier is for. */
export interface RunTarget {
  /** Id of the project. */
  readonly project: string;
  /** Name of the model; empty if any will do. */
  readonly model: string;
}

/** A run with settings that were not taken from the fields when it was started. */
interface PlannedRun {
  readonly values: Settings;
  readonly target: RunTarget;
  /** Position of the frame that the run replaces. */
  readonly instead?: number;
}

/** State of the runs. */
export interface GenerationState {
  readonly run: Run | null;
  readonly outcome: RunOutcome | null;
  /** Timing of the newest frame of this visit, and what it was made by. */
  readonly frameTiming: (FrameTiming & Pick<Run, 'settings'> & { readonly model: string }) | null;
}

/** Runs that make frames: those of Generate, of the run queue, and of a frame that is made again. */
export interface GenerationStore extends StoreApi<GenerationState> {
  /**
   * Makes new frames in the settings' mode from the last frame, or from the start picture if there are none. Waits
   * until model and start picture are loaded. Does nothing during a run. Errors are shown, not thrown.
   */
  readonly generate: () => Promise<void>;
  /**
   * Makes new frames with settings from earlier, like `generate`. Ends as `replaced` if the page has another project or
   * model when it begins, and fails if the animation has another size.
   */
  readonly start: (values: Settings, target: RunTarget) => Promise<void>;
  /**
   * Makes the frame at a position again, with its own settings and another seed, in its place. Frames after it stay as
   * they are.
   */
  readonly remake: (position: number, seed: number) => Promise<void>;
  /** Stops the run. Finished frames are kept. */
  readonly stop: () => void;
  /** Adds a listener for the ends of runs. Returns a function that removes it. */
  readonly onEnd: (listener: (ended: EndedRun) => void) => () => void;
}

/** Creates the store of runs; one is active at a time. */
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
  const store = createStore<GenerationState>()(() => ({ run: null, outcome: null, frameTiming: null }));
  const endListeners = new Set<(ended: EndedRun) => void>();
  let lastRun = 0;
  /** The animation when the run began, for undo. */
  let from: PlaySnapshot = { project: null, tree: emptyTree };
  /** Name of the run in the history. */
  let label = 'Generate';
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

  function end(cause: EndedRun['kind']) {
    const kind = cause === 'replaced' ? 'stopped' : cause;
    const { run } = store.getState();
    if (!run) return;
    latestProgress.cancel();
    latestPreview.cancel();
    const seconds = (environment.now() - run.begun) / 1000;
    const outcome = { kind, made: run.made, seconds };
    store.setState({ run: null, outcome: run.phase === 'running' ? outcome : null });
    if (run.made > 0) animation.history.moved(label, from);
    if (kind === 'done') notices.announce(`Done: ${countFrames(run.made)}.`);
    if (kind === 'stopped') {
      notices.announce(run.made > 0 ? `Stopped. ${countFrames(run.made)} kept.` : 'Stopped.');
    }
    for (const listener of endListeners) listener({ ...outcome, kind: cause, run });
  }

  /** Validates the settings, also that the size is that of existing frames. Shows a problem and returns null if not. */
  function checkedSettings(): Settings | null {
    const values = settings.commitAll();
    return values && hasFrameSize(values, animation.getState().frames.at(-1), settings) ? values : null;
  }

  /** Whether the page still has what a planned run is for. @throws InputError `other-size` */
  function isFor({ project: wanted, model: name }: RunTarget, { width, height }: Settings): boolean {
    const { project, frames, start } = animation.getState();
    if (project?.id !== wanted || (name !== '' && name !== model.getState().model?.name)) return false;
    const size = frames.at(-1) ?? start?.picture;
    if (!size || (size.width === width && size.height === height)) return true;
    throw new InputError(
      'other-size',
      `The run was set to ${width} × ${height}, but the animation is ${size.width} × ${size.height} now.`,
      { remedy: 'Choose the size again and queue the run anew.' },
    );
  }

  async function run(id: number, signal: AbortSignal, planned?: PlannedRun): Promise<void> {
    const ready = await model.whenReady();
    // The model's defaults may have changed the size, to which the start picture is then fitted again.
    await animation.whenRead();
    if (!isCurrent(id)) return;
    if (ready && planned && !isFor(planned.target, planned.values)) {
      end('replaced');
      return;
    }
    const values = ready ? (planned?.values ?? checkedSettings()) : null;
    const { start, frames } = animation.getState();
    if (!values || !start) {
      end('failed');
      return;
    }
    const { width, height } = values;
    // Read the model's name now: another model may be chosen during the run.
    const maker = model.getState().model?.name ?? '';
    const { project, tree } = animation.getState();
    const replaced = planned?.instead ? tree.nodes.get(frames.at(planned.instead - 1)?.id ?? startId) : null;
    const lineage = animation.lineage(replaced?.parent);
    label = replaced ? 'Make again' : 'Generate';
    const work = runCallOf(lineage, values, (position) => animation.pictureAt(position, lineage));
    from = { project, tree };
    const begun = environment.now();
    patch(id, { phase: 'running', frames: work.frames, width, height, settings: values, begun });
    notices.announce(`Making ${countFrames(work.frames)}.`);
    await work.begin(diffusion.current(), {
      signal,
      onEvent: (event) => {
        if (event.kind === 'notice') {
          model.onNotice(event);
          return;
        }
        // Events of a stopped run may still arrive.
        if (!isCurrent(id)) return;
        if (event.kind === 'progress') {
          latestProgress.push({ id, progress: event.progress });
        } else if (event.kind === 'preview') {
          latestPreview.push({ id, preview: event.picture });
        } else {
          const { frame, picture, insight, seconds, leg } = event;
          latestPreview.cancel();
          const { number } = animation.append(
            { picture, insight, seconds, leg, settings: values, model: maker },
            planned?.instead,
          );
          const made = frame + 1;
          store.setState({
            frameTiming: { seconds, steps: stepsComputed(values), settings: values, model: maker },
          });
          patch(id, { made, preview: null });
          if (made < work.frames) {
            notices.announce(`Frame ${number} is done: ${made} of ${work.frames}.`);
          }
        }
      },
    });
    if (isCurrent(id)) end('done');
  }

  async function begin(values: Settings, planned?: PlannedRun): Promise<void> {
    controller = new AbortController();
    const id = ++lastRun;
    store.setState({
      outcome: null,
      run: {
        id,
        phase: 'waiting',
        frames: values.frames,
        made: 0,
        settings: values,
        width: values.width,
        height: values.height,
        begun: environment.now(),
        progress: null,
        preview: null,
      },
    });
    try {
      await run(id, controller.signal, planned);
    } catch (error) {
      if (!isCurrent(id)) return;
      end(isAbort(error) ? 'stopped' : 'failed');
      const made = animation.getState().frames.length;
      const kept = made === 1 ? 'The frame made so far is kept.' : `All ${made} frames made so far are kept.`;
      model.report(error, { kept: made > 0 ? kept : '' });
    }
  }

  // A run ends when the animation that it continues is replaced.
  animation.subscribe(({ edition }, before) => {
    if (edition === before.edition) return;
    if (store.getState().run?.phase === 'running') {
      controller.abort();
      end('replaced');
    }
    store.setState({ outcome: null });
    // A size that did not match the previous frames may be valid now.
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
              remedy: 'Continue in the other tab, or make a copy of the project and continue with that.',
            },
          ),
        );
        return;
      }
      // Only validates the fields; the size is checked when the model's defaults are known.
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
      await begin(values);
    },
    async start(values, target) {
      if (!store.getState().run) await begin(values, { values, target });
    },
    async remake(position, seed) {
      const { frames, project } = animation.getState();
      const frame = frames.at(position - 1);
      if (!frame || !project || project.readOnly || store.getState().run) return;
      const values: Settings = { ...frame.settings, seed, mode: 'automatic', frames: 1 };
      await begin(values, { values, target: { project: project.id, model: '' }, instead: position });
    },
    stop() {
      controller.abort();
      end('stopped');
    },
    onEnd(listener) {
      endListeners.add(listener);
      return () => {
        endListeners.delete(listener);
      };
    },
  };
  return generation;
}

function countFrames(count: number): string {
  return count === 1 ? '1 frame' : `${count} frames`;
}
