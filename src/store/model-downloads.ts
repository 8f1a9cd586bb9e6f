import * as v from 'valibot';
import type { StoreApi } from 'zustand/vanilla';
import { createQueue } from '../base/index.ts';
import { modelIdSchema } from '../protocol/index.ts';
import type { ModelProgress, WantedModel, modelsApi } from '../protocol/index.ts';
import type { Environment } from './environment.ts';
import { persevering } from './fetching.ts';
import { createLatest } from './latest.ts';
import type { WorkerHandle } from './worker-handle.ts';
import { readHub } from './location.ts';
import type { ModelChoice } from './model-choice.ts';
import type { ModelLibrary } from './model-library.ts';
import { downloadTopic as topic } from './models-state.ts';
import type { ModelFetch, ModelsState } from './models-state.ts';
import type { Notices } from './notices.ts';
import { keep, readKept } from './preferences.ts';

/** Models that are fetched to this device, one at a time, and removed from it. */
export interface ModelDownloads {
  /** Offers to go on with a download that an earlier visit has not finished. */
  readonly recall: () => void;
  /** Fetches a model, goes on with it, or mends it. Does nothing while one is being fetched. */
  readonly get: (wanted: WantedModel, name: string, options?: { readonly thenUse?: boolean }) => void;
  readonly pause: () => void;
  readonly resume: () => void;
  /** Ends fetching and throws away what has come, unless the model was whole before. */
  readonly cancel: () => Promise<void>;
  /** Removes a model from this device; one that is in use makes room for the built-in one first. */
  readonly remove: (id: string) => Promise<void>;
}

const downloadKey = 'drift.download';

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

export function createModelDownloads({
  store,
  worker,
  library,
  choice,
  notices,
  environment,
}: {
  store: StoreApi<ModelsState>;
  worker: WorkerHandle<typeof modelsApi>;
  library: ModelLibrary;
  choice: ModelChoice;
  notices: Notices;
  environment: Pick<Environment, 'storage' | 'address' | 'persist' | 'nextPaint' | 'later' | 'onOnline'>;
}): ModelDownloads {
  const { storage, address, persist, nextPaint } = environment;
  const progress = createLatest<ModelProgress>(nextPaint, (latest) => {
    patch({ progress: latest, news: '' });
  });
  /** Ends the attempt that `fetch` shows; replaced by each. */
  let attempt = new AbortController();
  /** What is done to files one after another: an attempt begins when the one before has closed its files. */
  const queue = createQueue();
  const whenFree = (work: () => Promise<void>): Promise<void> => queue.run(undefined, work);

  function patch(change: Partial<ModelFetch>) {
    store.setState(({ fetch }) => ({ fetch: fetch && { ...fetch, ...change } }));
  }

  /** Notes what is not finished, for the next visit. */
  function remember() {
    const { fetch } = store.getState();
    const { wanted, id, name } = fetch ?? {};
    keep(storage, downloadKey, wanted && wanted.kind !== 'folder' ? { wanted, id, name } : null);
  }

  /** Ends the attempt under way; what comes of it from here on is not shown. */
  function endAttempt() {
    attempt.abort();
    progress.cancel();
  }

  /** Takes away what the page shows of fetching. */
  function drop() {
    endAttempt();
    store.setState({ fetch: null });
    remember();
    notices.dismissTopic(topic);
  }

  /** Fetches until the model is whole, through lost networks. Ends without a word when it is stopped. */
  async function fetchUntilWhole(wanted: WantedModel, signal: AbortSignal): Promise<void> {
    const isStopped = () => signal.aborted;
    // Paused, or replaced, before its turn came.
    if (isStopped()) return;
    let gained = 0;
    let highest = 0;
    const once = () => {
      patch({ phase: 'running' });
      return worker.call(
        'get',
        { wanted, hub: readHub(address.read()) },
        {
          signal,
          onEvent: (event) => {
            if (isStopped()) return;
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
      // Also where it was paused in the moment in which it was done, but not where something else has taken its place.
      if (signal === attempt.signal && store.getState().fetch) finish(id);
    } catch (error) {
      // Whoever stopped it says what it is now.
      if (isStopped()) return;
      progress.cancel();
      patch({ phase: 'failed', news: '' });
      library.report(error, {
        topic,
        kept: 'What has been downloaded is kept.',
        actions: [{ label: 'Go on', run: downloads.resume }],
      });
    }
    await library.refresh();
  }

  function finish(id: string) {
    progress.cancel();
    const { fetch } = store.getState();
    const name = fetch?.name ?? id;
    store.setState({ fetch: null, added: null });
    remember();
    notices.dismissTopic(topic);
    if (fetch && (fetch.thenUse || choice.isNamed(fetch.wanted))) {
      choice.use(id);
      return;
    }
    const use = () => {
      choice.use(id);
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
    attempt = new AbortController();
    const { signal } = attempt;
    void whenFree(() => fetchUntilWhole(wanted, signal));
  }

  async function removeFiles(id: string): Promise<void> {
    try {
      await choice.stopUsing(id);
      await worker.call('remove', { id });
      const { fetch } = store.getState();
      if (fetch?.id === id && fetch.phase !== 'running') drop();
    } catch (error) {
      library.report(error);
    }
    await library.refresh();
  }

  const downloads: ModelDownloads = {
    recall() {
      const unfinished = readKept(storage, downloadKey, unfinishedSchema);
      if (!unfinished) return;
      store.setState({
        fetch: { ...unfinished, phase: 'paused', progress: null, news: '', thenUse: false },
      });
      notices.info(topic, `The download of ${unfinished.name} is not finished.`, [
        { label: 'Go on', run: downloads.resume },
      ]);
    },

    get(wanted, name, { thenUse = false } = {}) {
      const { fetch } = store.getState();
      if (fetch && !canResume(fetch)) return;
      endAttempt();
      const id = wanted.kind === 'installed' ? wanted.id : null;
      store.setState({
        fetch: { wanted, id, name, phase: 'running', progress: null, news: '', thenUse },
      });
      remember();
      if (id !== null) void whenFree(() => choice.stopUsing(id));
      start(wanted);
    },

    pause() {
      const { fetch } = store.getState();
      if (fetch?.phase !== 'running' && fetch?.phase !== 'waiting') return;
      endAttempt();
      const { signal } = attempt;
      patch({ phase: 'pausing', news: '' });
      void whenFree(async () => {
        if (signal === attempt.signal && store.getState().fetch?.phase === 'pausing') {
          patch({ phase: 'paused' });
        }
        await library.refresh();
      });
    },

    resume() {
      const { fetch } = store.getState();
      if (!fetch || !canResume(fetch)) return;
      patch({ phase: 'running', news: '' });
      start(fetch.wanted);
    },

    async cancel() {
      const { fetch } = store.getState();
      if (!fetch) return;
      drop();
      const { id } = fetch;
      // In turn: what is started again meanwhile begins when this is done.
      await whenFree(async () => {
        await library.refresh();
        if (id === null) return;
        // What is not even listed may still have left bytes behind.
        const found = store.getState().installed?.find((each) => each.id === id);
        if (!found || found.state === 'partial') await removeFiles(id);
      });
    },

    async remove(id) {
      const { fetch } = store.getState();
      // It would go on by itself when the network is back, and bring back what is removed.
      if (fetch?.id === id && fetch.phase === 'waiting') downloads.pause();
      // One whose attempt has just been ended is let go of before it is removed.
      await (fetch?.id === id ? whenFree(() => removeFiles(id)) : removeFiles(id));
    },
  };
  return downloads;
}

/** Whether a download goes on only when the person says so. */
function canResume({ phase }: ModelFetch): boolean {
  return phase === 'pausing' || phase === 'paused' || phase === 'failed';
}
