import * as v from 'valibot';
import { createStore } from 'zustand/vanilla';
import type { StoreApi } from 'zustand/vanilla';
import { ModelError, WorkerError, isAbort } from '../base/index.ts';
import { modelIdSchema } from '../protocol/index.ts';
import type {
  Device,
  InstalledModel,
  ModelCost,
  ModelOrigin,
  ModelPlace,
  ModelProgress,
  WantedModel,
  modelsApi,
} from '../protocol/index.ts';
import type { Environment } from './environment.ts';
import { persevering } from './fetching.ts';
import { createLatest } from './latest.ts';
import type { Link } from './link.ts';
import { builtInModel, readHub, readOrigin, readWish, withOrigin } from './location.ts';
import type { ModelStore } from './model.ts';
import type { NoticeAction, Notices } from './notices.ts';
import { keep } from './preferences.ts';
import { isSame, originWords } from './wanted.ts';

/** What is known of a model that is not on this device: what it costs, or what is wrong with it. */
export type Look =
  | { readonly status: 'looking'; readonly wanted: WantedModel }
  | {
      readonly status: 'cost';
      readonly wanted: WantedModel;
      readonly cost: ModelCost;
      readonly free: number | null;
      /** The device that it was looked at for; null where none was known. */
      readonly device: Device | null;
    }
  | {
      readonly status: 'problems';
      readonly wanted: WantedModel;
      readonly problems: readonly { readonly message: string; readonly remedy: string }[];
    };

/** The model that is being fetched. */
export interface ModelFetch {
  readonly wanted: WantedModel;
  /** Null until the worker knows. */
  readonly id: string | null;
  readonly name: string;
  /** `waiting`: the network was lost, and it goes on by itself; `failed`: it goes on when the person says so. */
  readonly phase: 'running' | 'waiting' | 'paused' | 'failed';
  readonly progress: ModelProgress | null;
  /** What is out of the ordinary, in one sentence; empty while nothing is. */
  readonly news: string;
}

export interface ModelsState {
  /** The models on this device; null until that is known. */
  readonly installed: readonly InstalledModel[] | null;
  /** Bytes that may still be written; null where the browser does not tell. */
  readonly free: number | null;
  /** Whether the browser has promised to keep them when room gets short; null before it was asked. */
  readonly promised: boolean | null;
  /** What is known of the model that Drift recommends; null before anybody asked. */
  readonly full: Look | null;
  /** What is known of another model that the person wants to add. */
  readonly added: Look | null;
  readonly fetch: ModelFetch | null;
  /** The dialog, while it is open: `address` is of the model that is to be added there, or empty. */
  readonly dialog: { readonly address: string } | null;
  /** The model that is compared with its checksums just now. */
  readonly check: { readonly id: string; readonly progress: ModelProgress | null } | null;
}

export interface ModelsStore extends StoreApi<ModelsState> {
  /**
   * Loads the model of this visit: what the address asks for, or what was chosen last, or the built-in one. A model that
   * the address names and that is not here is offered. Resolves once the loading has begun.
   */
  readonly begin: () => Promise<void>;
  /** Opens the dialog, where it tells what this model costs, if there is one. */
  readonly show: (origin?: ModelOrigin) => void;
  readonly hide: () => void;
  /** Where others can get a model of this device; null for one that is only here. */
  readonly originOf: (id: string) => Promise<ModelOrigin | null>;
  /** Reads again what is on this device. */
  readonly refresh: () => Promise<void>;
  /** Finds out what a model costs: into `full` for the recommended one, else into `added`. */
  readonly look: (wanted: WantedModel) => Promise<void>;
  /** Takes back what was found of a model to be added. */
  readonly forget: () => void;
  /** Fetches a model, goes on with it, or mends it. Does nothing while one is being fetched. */
  readonly get: (wanted: WantedModel, name: string) => void;
  readonly pause: () => void;
  readonly resume: () => void;
  /** Ends fetching and throws away what has come, unless the model was whole before. */
  readonly cancel: () => Promise<void>;
  /** Compares a model with its checksums. */
  readonly verify: (id: string) => Promise<void>;
  readonly stopVerifying: () => void;
  /** Removes a model from this device; one that is in use makes room for the built-in one first. */
  readonly remove: (id: string) => Promise<void>;
  /** Makes frames with a model of this device, now and on the next visits; null for the built-in one. */
  readonly use: (id: string | null) => void;
  /** What can be done about a model that could not be loaded. */
  readonly mending: (error: unknown, place: ModelPlace, kept: boolean) => readonly NoticeAction[];
}

const chosenKey = 'drift.model';
const downloadKey = 'drift.download';
/** The topic of what is said about fetching. */
const topic = 'download';
/** The topic of the model that the address names. */
const namedTopic = 'named';

const chosenSchema = v.nullable(modelIdSchema);
/** A download that was not finished. Folders are not remembered: they have to be chosen again. */
const unfinishedSchema = v.nullable(
  v.object({
    wanted: v.variant('kind', [
      v.object({ kind: v.literal('full') }),
      v.object({ kind: v.literal('hub'), repository: v.string() }),
      v.object({ kind: v.literal('manifest'), url: v.string() }),
      v.object({ kind: v.literal('installed'), id: modelIdSchema }),
    ]),
    id: v.nullable(modelIdSchema),
    name: v.string(),
  }),
);

/** Errors of a model on this device that fetching its pieces again mends. */
const mendable = ['model-damaged', 'model-partial', 'not-found'];

export function createModels({
  link,
  model,
  notices,
  environment,
}: {
  link: Link<typeof modelsApi>;
  model: () => ModelStore;
  notices: Notices;
  environment: Environment;
}): ModelsStore {
  const { storage, address, persist, nextPaint } = environment;
  const store = createStore<ModelsState>()(() => ({
    installed: null,
    free: null,
    promised: null,
    full: null,
    added: null,
    fetch: null,
    dialog: null,
    check: null,
  }));
  const progress = createLatest<ModelProgress>(nextPaint, (latest) => {
    patch({ progress: latest, news: '' });
  });
  /** Ends what is being fetched; replaced by each attempt. */
  let fetching = new AbortController();
  /** Over when the worker has stopped fetching. */
  let fetched: Promise<void> = Promise.resolve();
  const looking = { full: new AbortController(), added: new AbortController() };
  let checking = new AbortController();
  /** The model is used as soon as it is whole. */
  let useThen = false;
  /** The model that the address names: it is used as soon as it is here. */
  let named: ModelOrigin | null = null;

  const hub = () => readHub(address.read());

  /** The model that the address names; one that it does not name well is said. */
  function readNamed(): ModelOrigin | null {
    try {
      return readOrigin(address.read());
    } catch (error) {
      notices.error(error, { topic: namedTopic });
      return null;
    }
  }

  /** The id of a model of this device that was got from there; where there is none, it is offered. */
  async function findNamed(origin: ModelOrigin): Promise<string | null> {
    await models.refresh();
    const found = store.getState().installed?.find((each) => each.origin && isSame(origin, each.origin));
    if (found) return found.id;
    const name = originWords(origin) || 'the full model';
    const get = () => {
      models.show(origin);
    };
    notices.info(namedTopic, `This link is made for a model that is not on this device: ${name}.`, [
      { label: 'See what it takes', run: get },
    ]);
    return null;
  }

  function patch(change: Partial<ModelFetch>) {
    store.setState(({ fetch }) => ({ fetch: fetch && { ...fetch, ...change } }));
  }

  /** Notes what is not finished, for the next visit. */
  function remember() {
    const { fetch } = store.getState();
    const { wanted, id, name } = fetch ?? {};
    keep(storage, downloadKey, wanted && wanted.kind !== 'folder' ? { wanted, id, name } : null);
  }

  /** A worker that has died is replaced when it is next needed. */
  function report(error: unknown, options: Parameters<Notices['error']>[1] = {}) {
    if (error instanceof WorkerError) link.reset();
    notices.error(error, {
      ...options,
      ...(error instanceof WorkerError && { remedy: 'Try again; what has been downloaded is kept.' }),
    });
  }

  async function fetchIt(wanted: WantedModel, signal: AbortSignal): Promise<void> {
    patch({ phase: 'running', news: '' });
    let gained = 0;
    let highest = 0;
    const once = () => {
      patch({ phase: 'running' });
      return link.current().call(
        'get',
        { wanted, hub: hub() },
        {
          signal,
          onEvent: (event) => {
            if (signal.aborted) return;
            if (event.kind === 'progress') {
              if (event.stage === 'download' && event.done > highest) {
                highest = event.done;
                gained++;
              }
              progress.push(event);
            } else if (event.kind === 'begun') {
              patch({ id: event.id, name: event.name });
              remember();
            } else {
              patch({ news: event.message });
            }
          },
        },
      );
    };
    try {
      const { id } = await persevering(
        environment,
        signal,
        once,
        () => gained,
        ({ message }, seconds) => {
          progress.cancel();
          patch({
            phase: 'waiting',
            news: `${message} Drift tries again in ${seconds} s, or as soon as the connection is back.`,
          });
        },
      );
      finish(id);
    } catch (error) {
      progress.cancel();
      // Whoever stopped it says what it is now.
      if (signal.aborted) return;
      patch({ phase: 'failed', news: '' });
      report(error, {
        topic,
        kept: 'What has been downloaded is kept.',
        actions: [{ label: 'Go on', run: models.resume }],
      });
    }
    await models.refresh();
  }

  function finish(id: string) {
    progress.cancel();
    const { fetch } = store.getState();
    const name = fetch?.name ?? id;
    store.setState({ fetch: null, added: null });
    remember();
    notices.dismissTopic(topic);
    if (useThen || (fetch && named && isSame(named, fetch.wanted))) {
      models.use(id);
      return;
    }
    const use = () => {
      models.use(id);
    };
    notices.info(topic, `${name} is on this device now.`, [{ label: 'Use it', run: use }]);
    notices.announce(`${name} is on this device now.`);
  }

  function start(wanted: WantedModel) {
    // Workers may not ask. It may take the person's answer, which nothing waits for.
    void persist().then((promised) => {
      store.setState({ promised });
    });
    notices.dismissTopic(topic);
    fetching = new AbortController();
    const { signal } = fetching;
    const before = fetched;
    fetched = before.then(() => fetchIt(wanted, signal));
  }

  /** Has the built-in model take the place of this one, whose files are about to change. */
  async function stopUsing(id: string): Promise<void> {
    const { place } = model().getState();
    if (place?.kind !== 'installed' || place.id !== id) return;
    models.use(null);
    await model().whenReady();
  }

  const models: ModelsStore = {
    ...store,

    async begin() {
      const chosen = read(storage, chosenKey, chosenSchema);
      model().subscribe(({ status, place }, before) => {
        if (status !== 'ready' || !place || place === before.place) return;
        if (place.kind === 'installed') {
          // Where it came from is asked for in the middle of a click, which does not wait.
          if (!store.getState().installed) void models.refresh();
          // A link is for this visit.
          if (!new URL(address.read()).searchParams.has('installed')) keep(storage, chosenKey, place.id);
        } else if (place.url === urlOf(builtInModel(address.read()))) {
          keep(storage, chosenKey, null);
        }
      });
      model().subscribe(({ device }) => {
        const { full, added } = store.getState();
        for (const look of [full, added]) {
          if (look?.status === 'cost' && !sameDevice(look.device, device)) void models.look(look.wanted);
        }
      });
      const unfinished = read(storage, downloadKey, unfinishedSchema);
      if (unfinished) {
        store.setState({ fetch: { ...unfinished, phase: 'paused', progress: null, news: '' } });
        notices.info(topic, `The download of ${unfinished.name} is not finished.`, [
          { label: 'Go on', run: models.resume },
        ]);
      }
      named = readNamed();
      const id = (named && (await findNamed(named))) ?? chosen;
      model().load(() => readWish(address.read(), id));
    },

    show(origin) {
      store.setState({ dialog: { address: origin ? originWords(origin) : '' } });
      if (origin) void models.look(origin);
    },

    hide() {
      store.setState({ dialog: null });
    },

    async originOf(id) {
      if (!store.getState().installed) await models.refresh();
      return store.getState().installed?.find((each) => each.id === id)?.origin ?? null;
    },

    async refresh() {
      try {
        const { models: installed, free } = await link.current().call('list', {});
        store.setState({ installed, free });
      } catch (error) {
        report(error);
        store.setState(({ installed }) => ({ installed: installed ?? [] }));
      }
    },

    async look(wanted) {
      const slot = wanted.kind === 'full' ? 'full' : 'added';
      looking[slot].abort();
      looking[slot] = new AbortController();
      const { signal } = looking[slot];
      const set = (look: Look) => {
        if (!signal.aborted) store.setState({ [slot]: look });
      };
      const before = store.getState()[slot];
      // What is known stays while it is looked at again for another device.
      if (before?.status !== 'cost' || before.wanted !== wanted) set({ status: 'looking', wanted });
      const { device } = model().getState();
      try {
        const parameters = { wanted, hub: hub(), ...(device && { device }) };
        const found = await link.current().call('look', parameters, { signal });
        if (found.kind === 'cost') {
          set({ status: 'cost', wanted, cost: found.cost, free: found.free, device });
        } else {
          const problems = found.problems.map(({ message, remedy }) => ({ message, remedy }));
          set({ status: 'problems', wanted, problems });
        }
      } catch (error) {
        if (isAbort(error)) return;
        report(error);
        if (!signal.aborted) store.setState({ [slot]: null });
      }
    },

    forget() {
      looking.added.abort();
      store.setState({ added: null });
    },

    get(wanted, name) {
      const { fetch } = store.getState();
      if (fetch && fetch.phase !== 'failed' && fetch.phase !== 'paused') return;
      fetching.abort();
      useThen = false;
      const id = wanted.kind === 'installed' ? wanted.id : null;
      store.setState({ fetch: { wanted, id, name, phase: 'running', progress: null, news: '' } });
      remember();
      if (id !== null) fetched = fetched.then(() => stopUsing(id));
      start(wanted);
    },

    pause() {
      const { fetch } = store.getState();
      if (fetch?.phase !== 'running' && fetch?.phase !== 'waiting') return;
      fetching.abort();
      progress.cancel();
      patch({ phase: 'paused', news: '' });
      void fetched.then(models.refresh);
    },

    resume() {
      const { fetch } = store.getState();
      if (fetch?.phase !== 'paused' && fetch?.phase !== 'failed') return;
      patch({ phase: 'running', news: '' });
      start(fetch.wanted);
    },

    async cancel() {
      const { fetch } = store.getState();
      if (!fetch) return;
      fetching.abort();
      progress.cancel();
      store.setState({ fetch: null });
      remember();
      notices.dismissTopic(topic);
      await fetched;
      await models.refresh();
      if (fetch.id === null) return;
      // What is not even listed may still have left bytes behind.
      const found = store.getState().installed?.find(({ id }) => id === fetch.id);
      if (!found || found.state === 'partial') await models.remove(fetch.id);
    },

    async verify(id) {
      checking.abort();
      checking = new AbortController();
      const { signal } = checking;
      const show = createLatest<ModelProgress>(nextPaint, (latest) => {
        if (!signal.aborted) store.setState({ check: { id, progress: latest } });
      });
      store.setState({ check: { id, progress: null } });
      try {
        const { damaged } = await link.current().call(
          'verify',
          { id },
          {
            signal,
            onEvent: (event) => {
              show.push(event);
            },
          },
        );
        const name = store.getState().installed?.find((each) => each.id === id)?.name ?? id;
        if (damaged === 0) {
          notices.info('check', `${name} is as it should be.`, []);
        } else {
          const pieces = damaged === 1 ? 'One piece' : `${damaged} pieces`;
          const repair = () => {
            models.get({ kind: 'installed', id }, name);
          };
          notices.info(
            'check',
            `${pieces} of ${name} ${damaged === 1 ? 'is' : 'are'} damaged. “Repair” downloads that alone.`,
            [{ label: 'Repair', run: repair }],
          );
        }
      } catch (error) {
        report(error);
      } finally {
        show.cancel();
        if (!signal.aborted) store.setState({ check: null });
      }
      await models.refresh();
    },

    stopVerifying() {
      checking.abort();
      store.setState({ check: null });
    },

    async remove(id) {
      try {
        await stopUsing(id);
        await link.current().call('remove', { id });
        const { fetch } = store.getState();
        if (fetch?.id === id && fetch.phase !== 'running') {
          store.setState({ fetch: null });
          remember();
          notices.dismissTopic(topic);
        }
      } catch (error) {
        report(error);
      }
      await models.refresh();
    },

    use(id) {
      // Or the next visit would begin with the model that the address asks for.
      address.replace(withOrigin(address.read(), null));
      named = null;
      notices.dismissTopic(topic);
      notices.dismissTopic(namedTopic);
      model().load(() => readWish(address.read(), id));
    },

    mending(error, place, kept) {
      const actions: NoticeAction[] = [];
      if (place.kind === 'installed' && error instanceof ModelError && mendable.includes(error.code)) {
        const { id } = place;
        const repair = () => {
          const name = store.getState().installed?.find((each) => each.id === id)?.name ?? id;
          models.get({ kind: 'installed', id }, name);
          useThen = true;
        };
        actions.push({ label: 'Repair', run: repair });
      }
      if (place.kind === 'url' && error instanceof ModelError && error.code === 'too-large') {
        const { url } = place;
        const install = () => {
          models.show({ kind: 'manifest', url });
        };
        actions.push({ label: 'Install it', run: install });
      }
      if (!kept && urlOf(place) !== urlOf(builtInModel(address.read()))) {
        const goBack = () => {
          models.use(null);
        };
        actions.push({ label: 'Use the built-in model', run: goBack });
      }
      return actions;
    },
  };
  return models;
}

function sameDevice(one: Device | null, other: Device | null): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}

function urlOf(place: ModelPlace): string | null {
  return place.kind === 'url' ? place.url : null;
}

/** Something that an earlier visit kept; null for nothing, and for what is damaged. */
function read<T>(
  storage: Environment['storage'],
  key: string,
  schema: v.GenericSchema<unknown, T>,
): T | null {
  try {
    return v.parse(schema, JSON.parse(storage?.getItem(key) ?? 'null'));
  } catch {
    return null;
  }
}
