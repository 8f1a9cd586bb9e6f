import { createStore } from 'zustand/vanilla';
import type { StoreApi } from 'zustand/vanilla';
import { DeviceError, DriftError, WorkerError } from '../base/index.ts';
import type {
  Device,
  EngineNotice,
  LoadEvent,
  LoadedModel,
  ModelPlace,
  diffusionApi,
} from '../protocol/index.ts';
import type { Environment } from './environment.ts';
import { createLatest } from './latest.ts';
import type { WorkerHandle } from './worker-handle.ts';
import type { Wish } from './location.ts';
import { loadTopic } from './models-state.ts';
import type { ErrorNotice, NoticeAction, Notices } from './notices.ts';
import type { Preferences } from './preferences.ts';
import type { SettingsStore } from './settings.ts';

export interface ModelState {
  readonly status: 'idle' | 'loading' | 'ready' | 'failed';
  /** The model while it is ready, else null. */
  readonly model: LoadedModel | null;
  /** Where the model is that is ready; null while none is. */
  readonly place: ModelPlace | null;
  readonly progress: LoadEvent | null;
  /** The device that the last model ran on; null before one was ready. */
  readonly device: Device | null;
}

/** An error, with a way to do again what failed, which a restart takes the place of. */
export interface ErrorReport extends ErrorNotice {
  readonly again?: NoticeAction;
}

/** What can be done about a model that could not be loaded; `kept` where another one is still in use. */
export type Remedies = (error: unknown, place: ModelPlace, kept: boolean) => readonly NoticeAction[];

export interface ModelStore extends StoreApi<ModelState> {
  /**
   * Loads the model that `locate` names; what it throws is shown. What was loading before is given up. A model that
   * is in use goes on being used where the new one cannot be opened.
   */
  readonly load: (locate: () => Wish) => void;
  /** Loads the same model again, after a failure. */
  readonly retry: () => void;
  /** Ends the worker, starts another and loads the model again. */
  readonly restart: () => void;
  /** Switches low memory on or off, and loads the model again with it; what is being made is finished first. */
  readonly setLowMemory: (lowMemory: boolean) => void;
  /** Whether the model is there, once that is known; a load that failed earlier is tried again. */
  readonly whenReady: () => Promise<boolean>;
  /** Shows what the diffusion worker has changed by itself, and remembers it for the next load. */
  readonly hear: (notice: EngineNotice) => void;
  /** Shows an error of the diffusion worker, with a way to restart it where that can help. */
  readonly report: (error: unknown, options?: ErrorReport) => void;
  /** From here on errors of loading are shown with these remedies. */
  readonly offer: (remedies: Remedies) => void;
}

/** The topic of what is said about a device that cannot make the model's own size. */
const sizeTopic = 'size';

/** Errors that may come of too little memory. */
const memoryCodes = ['out-of-memory', 'device-lost', 'session-failed'];
const lowMemoryRemedy = 'Or turn on “Low memory” under Models, which needs less at once.';

/** What the settings of a model are kept under. */
function keyOf(place: ModelPlace): string {
  return place.kind === 'url' ? place.url : `installed:${place.id}`;
}

export function createModelStore({
  worker,
  settings,
  preferences,
  notices,
  nextPaint,
}: {
  worker: WorkerHandle<typeof diffusionApi>;
  settings: SettingsStore;
  preferences: StoreApi<Preferences>;
  notices: Notices;
  nextPaint: Environment['nextPaint'];
}): ModelStore {
  const store = createStore<ModelState>()(() => ({
    status: 'idle',
    model: null,
    place: null,
    progress: null,
    device: null,
  }));
  const progress = createLatest<LoadEvent>(nextPaint, (event) => {
    store.setState({ progress: event });
  });
  let wanted: (() => Wish) | null = null;
  /** The model that the worker has. */
  let inUse: {
    readonly locate: () => Wish;
    readonly place: ModelPlace;
    readonly model: LoadedModel;
  } | null = null;
  let controller = new AbortController();
  let settled: Promise<boolean> = Promise.resolve(false);
  let remediesFor: Remedies = () => [];

  async function run(locate: () => Wish, signal: AbortSignal): Promise<boolean> {
    store.setState({ status: 'loading', model: null, place: null, progress: null });
    let place: ModelPlace | null = null;
    const heard: EngineNotice[] = [];
    const ways = (kept: boolean, error: unknown) => (place ? remediesFor(error, place, kept) : []);
    try {
      const wish = locate();
      place = wish.model;
      const key = keyOf(place);
      settings.openModel(key);
      const { lowMemory, precisions } = preferences.getState();
      const parameters = { ...wish, lowMemory, precisions: precisions[key] };
      const loaded = await worker.call('load', parameters, {
        signal,
        onEvent: (event) => {
          if ('kind' in event) {
            heard.push(event);
            return;
          }
          if (!signal.aborted) progress.push(event);
        },
      });
      if (signal.aborted) return await settled;
      progress.cancel();
      inUse = { locate, place, model: loaded };
      for (const notice of heard) model.hear(notice);
      settings.applyModel(loaded.defaults, loaded.latentScale);
      store.setState({ status: 'ready', model: loaded, place, progress: null, device: loaded.device });
      notices.dismissTopic(loadTopic);
      tellSize(loaded);
      notices.announce(`${loaded.name} is ready.`);
      return true;
    } catch (error) {
      // Whoever gave this load up has started another: its outcome is the one that counts.
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
          actions: ways(true, error),
          again: { label: 'Try again', run: again },
        });
        return true;
      }
      store.setState({ status: 'failed', model: null, place: null, progress: null });
      const again = { label: 'Try again', run: retry };
      model.report(error, { topic: loadTopic, actions: ways(false, error), again });
      return false;
    }
  }

  function tellSize({ name, size, largestSide: side, device }: LoadedModel) {
    if (side === null) {
      notices.dismissTopic(sizeTopic);
      return;
    }
    const what = device.kind === 'cpu' ? 'Without a GPU, Drift' : 'This GPU';
    const words = `${what} makes pictures of up to ${side}×${side} with ${name}, which was made for ${size}×${size}.`;
    notices.info(sizeTopic, words, []);
  }

  /** The model before, which the worker still has, with the settings that belong to it. */
  function goBackTo({ locate, place, model: before }: NonNullable<typeof inUse>) {
    wanted = locate;
    settings.closeModel();
    store.setState({ status: 'ready', model: before, place, progress: null });
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
    whenReady() {
      retry();
      return settled;
    },
    hear({ code, message, precision }) {
      notices.info(code, message, []);
      if (!precision || !inUse) return;
      const { place, model: made } = inUse;
      const key = keyOf(place);
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
          // A dead worker's own advice is to reload the page, which would cost the frames.
          remedy: 'Restart this part of Drift to go on.',
          actions: [restarting],
        });
        return;
      }
      // A device that is too small is so after a restart as well.
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
