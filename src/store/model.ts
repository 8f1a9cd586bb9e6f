import { createStore } from 'zustand/vanilla';
import type { StoreApi } from 'zustand/vanilla';
import { DeviceError, DriftError, WorkerError } from '../base/index.ts';
import type {
  Device,
  EngineNotice,
  LoadEvent,
  LoadedModel,
  ModelLocation,
  diffusionApi,
} from '../protocol/index.ts';
import type { Environment } from './environment.ts';
import { createLatest } from './latest.ts';
import type { WorkerHandle } from './worker-handle.ts';
import type { RequestedModel } from './page-url.ts';
import { loadTopic } from './models-state.ts';
import type { ErrorNotice, NoticeAction, Notices } from './notices.ts';
import type { Preferences } from './preferences.ts';
import type { SettingsStore } from './settings.ts';

/** State of the model in use. */
export interface ModelState {
  readonly status: 'idle' | 'loading' | 'ready' | 'failed';
  /** The loaded model if it is ready, else null. */
  readonly model: LoadedModel | null;
  /** Location of the loaded model if it is ready, else null. */
  readonly location: ModelLocation | null;
  readonly progress: LoadEvent | null;
  /** Device of the model that was loaded last; null before the first. */
  readonly device: Device | null;
}

/** Options for showing an error. `again` retries what failed; if restarting helps, that is offered instead. */
export interface ErrorReport extends ErrorNotice {
  readonly again?: NoticeAction;
}

/** Returns actions against a failure to load a model; `kept`: whether another model is still in use. */
export type Remedies = (error: unknown, location: ModelLocation, kept: boolean) => readonly NoticeAction[];

/** The model in use: loading and restarting it. */
export interface ModelStore extends StoreApi<ModelState> {
  /**
   * Loads the model that `locate` returns; errors, its own included, are shown. Cancels a load that is running. If it
   * fails, the model that was in use stays in use, unless the worker has died.
   */
  readonly load: (locate: () => RequestedModel) => void;
  /** Loads the same model again after a failure. */
  readonly retry: () => void;
  /** Ends the worker, starts another and loads the model again. */
  readonly restart: () => void;
  /** Switches low memory mode and loads the model again; the worker finishes running work first. */
  readonly setLowMemory: (lowMemory: boolean) => void;
  /** Waits for a running load, and retries a failed one. Resolves with whether the model is ready. */
  readonly whenReady: () => Promise<boolean>;
  /** URLs of the files that the diffusion worker has fetched since it started. */
  readonly usedFiles: () => Promise<readonly string[]>;
  /** Shows a notice of the diffusion worker, and stores the precision that it contains for later loads. */
  readonly onNotice: (notice: EngineNotice) => void;
  /** Shows an error of the diffusion worker, with an action that restarts it if that can help. */
  readonly report: (error: unknown, options?: ErrorReport) => void;
  /** Sets the function that returns actions for errors of loading. */
  readonly offer: (remedies: Remedies) => void;
}

/** Topic of notices that the device cannot make pictures of the model's native size. */
const sizeTopic = 'size';

/** Codes of errors that may be caused by a lack of memory. */
const memoryCodes = ['out-of-memory', 'device-lost', 'session-failed'];
const lowMemoryRemedy = 'Or turn on “Low memory” under Models, which needs less at once.';

/** Key of a model for its stored settings and precisions. */
function keyOf(location: ModelLocation): string {
  return location.kind === 'url' ? location.url : `installed:${location.id}`;
}

/** Creates the store of the model in use, with none loaded. */
export function createModelStore({
  worker,
  settings,
  preferences,
  notices,
  environment: { nextPaint, rendered },
}: {
  worker: WorkerHandle<typeof diffusionApi>;
  settings: SettingsStore;
  preferences: StoreApi<Preferences>;
  notices: Notices;
  environment: Pick<Environment, 'nextPaint' | 'rendered'>;
}): ModelStore {
  const store = createStore<ModelState>()(() => ({
    status: 'idle',
    model: null,
    location: null,
    progress: null,
    device: null,
  }));
  const progress = createLatest<LoadEvent>(nextPaint, (event) => {
    store.setState({ progress: event });
  });
  let wanted: (() => RequestedModel) | null = null;
  /** The model that is loaded in the worker. */
  let inUse: {
    readonly locate: () => RequestedModel;
    readonly location: ModelLocation;
    readonly model: LoadedModel;
  } | null = null;
  let controller = new AbortController();
  let settled: Promise<boolean> = Promise.resolve(false);
  let remediesFor: Remedies = () => [];

  async function run(locate: () => RequestedModel, signal: AbortSignal): Promise<boolean> {
    store.setState({ status: 'loading', model: null, location: null, progress: null });
    let location: ModelLocation | null = null;
    const received: EngineNotice[] = [];
    const actionsFor = (kept: boolean, error: unknown) =>
      location ? remediesFor(error, location, kept) : [];
    try {
      const wish = locate();
      location = wish.model;
      const key = keyOf(location);
      settings.openModel(key);
      const { lowMemory, precisions } = preferences.getState();
      const parameters = { ...wish, lowMemory, precisions: precisions[key] };
      await rendered;
      signal.throwIfAborted();
      const loaded = await worker.call('load', parameters, {
        signal,
        onEvent: (event) => {
          if ('kind' in event) {
            received.push(event);
            return;
          }
          if (!signal.aborted) progress.push(event);
        },
      });
      if (signal.aborted) return await settled;
      progress.cancel();
      inUse = { locate, location, model: loaded };
      for (const notice of received) model.onNotice(notice);
      settings.applyModel(loaded.defaults, loaded.latentScale);
      store.setState({ status: 'ready', model: loaded, location, progress: null, device: loaded.device });
      notices.dismissTopic(loadTopic);
      announceSize(loaded);
      notices.announce(`${loaded.name} is ready.`);
      return true;
    } catch (error) {
      // A newer load has replaced this one: return its result.
      if (signal.aborted) return settled;
      progress.cancel();
      if (error instanceof WorkerError) inUse = null;
      if (inUse) {
        goBackTo(inUse);
        const again = () => {
          model.load(locate);
        };
        model.report(error, {
          topic: loadTopic,
          kept: `${inUse.model.name} is still in use.`,
          actions: actionsFor(true, error),
          again: { label: 'Try again', run: again },
        });
        return true;
      }
      settings.setState({ waiting: false });
      store.setState({ status: 'failed', model: null, location: null, progress: null });
      const again = { label: 'Try again', run: retry };
      model.report(error, { topic: loadTopic, actions: actionsFor(false, error), again });
      return false;
    }
  }

  function announceSize({ name, size, largestSide: side, device }: LoadedModel) {
    if (side === null) {
      notices.dismissTopic(sizeTopic);
      return;
    }
    const what = device.kind === 'cpu' ? 'Without a GPU, Drift' : 'This GPU';
    const words = `${what} makes pictures of up to ${side}×${side} with ${name}, which was made for ${size}×${size}.`;
    notices.info(sizeTopic, words, []);
  }

  /** Returns to the previous model, which is still loaded in the worker, and to its settings. */
  function goBackTo({ locate, location, model: before }: NonNullable<typeof inUse>) {
    wanted = locate;
    settings.closeModel();
    store.setState({ status: 'ready', model: before, location, progress: null });
  }

  function start() {
    controller.abort();
    progress.cancel();
    if (!wanted) return;
    controller = new AbortController();
    settled = run(wanted, controller.signal);
  }

  function retry() {
    if (store.getState().status === 'failed') start();
  }

  function restart() {
    controller.abort();
    worker.restart();
    inUse = null;
    start();
  }

  const restarting: NoticeAction = { label: 'Restart', run: restart };
  const savingMemory: NoticeAction = {
    label: 'Use low memory',
    run: () => {
      model.setLowMemory(true);
    },
  };

  const model: ModelStore = {
    ...store,
    load(locate) {
      wanted = locate;
      start();
    },
    retry,
    restart,
    setLowMemory(lowMemory) {
      if (preferences.getState().lowMemory === lowMemory) return;
      preferences.setState({ lowMemory });
      start();
    },
    async usedFiles() {
      return worker.call('usedFiles', {});
    },
    whenReady() {
      retry();
      return settled;
    },
    onNotice({ code, message, precision }) {
      notices.info(code, message, []);
      if (!precision || !inUse) return;
      const { location, model: made } = inUse;
      const key = keyOf(location);
      preferences.setState(({ precisions }) => ({
        precisions: { ...precisions, [key]: { ...precisions[key], [made.device.name]: precision } },
      }));
    },
    offer(remedies) {
      remediesFor = remedies;
    },
    report(error, { again, actions = [], ...options } = {}) {
      // A worker that was ended on purpose has nothing to report.
      if (error instanceof WorkerError && error.code === 'worker-closed') return;
      if (error instanceof WorkerError) {
        notices.error(error, {
          ...options,
          // The error's own remedy is to reload the page, which would lose frames that are not stored.
          remedy: 'Restart this part of Drift to continue.',
          actions: [restarting],
        });
        return;
      }
      // A restart does not help if the device is too small.
      const restartable = error instanceof DeviceError && !error.code.endsWith('-too-small');
      const last = restartable ? restarting : again;
      const short =
        error instanceof DriftError && memoryCodes.includes(error.code) && !preferences.getState().lowMemory;
      notices.error(error, {
        ...options,
        actions: [...(short ? [savingMemory] : []), ...actions, ...(last ? [last] : [])],
        ...(short && { remedy: `${error.remedy} ${lowMemoryRemedy}` }),
      });
    },
  };
  return model;
}
