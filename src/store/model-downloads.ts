import * as v from 'valibot';
import type { StoreApi } from 'zustand/vanilla';
import { createQueue } from '../base/index.ts';
import { modelIdSchema } from '../protocol/index.ts';
import type { ModelProgress, WantedModel, modelsApi } from '../protocol/index.ts';
import type { Environment } from './environment.ts';
import { retryForever } from './retry-forever.ts';
import { createLatest } from './latest.ts';
import type { WorkerHandle } from './worker-handle.ts';
import { readHub } from './page-url.ts';
import type { ModelChoice } from './model-choice.ts';
import type { ModelLibrary } from './model-library.ts';
import { downloadTopic as topic } from './models-state.ts';
import type { ModelFetch, ModelsState } from './models-state.ts';
import type { Notices } from './notices.ts';
import { storeValue, readStoredValue } from './preferences.ts';

/** Installation of models, one at a time, and their removal. */
export interface ModelDownloads {
  /** Offers to resume a download that an earlier visit did not finish. */
  readonly recall: () => void;
  /** Downloads, resumes or repairs a model. Does nothing while another download is running or waiting. */
  readonly get: (wanted: WantedModel, name: string, options?: { readonly thenUse?: boolean }) => void;
  readonly pause: () => void;
  readonly resume: () => void;
  /** Ends the download and removes a partial model; a model that was complete before is kept. */
  readonly cancel: () => Promise<void>;
  /** Removes a model from this device; if it is in use, switches to the built-in one first. */
  readonly remove: (id: string) => Promise<void>;
}

const downloadKey = 'drift.download';

/** Stored record of an unfinished download. Folders are not stored: the user has to choose them again. */
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

/** Creates the installer of models, which remembers an unfinished download across visits. */
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
  /** Controller of the current attempt. */
  let attempt = new AbortController();
  /** Serialises work on files: an attempt starts after the previous one has closed its files. */
  const queue = createQueue();
  const whenFree = (work: () => Promise<void>): Promise<void> => queue.run(undefined, work);

  function patch(change: Partial<ModelFetch>) {
    store.setState(({ fetch }) => ({ fetch: fetch && { ...fetch, ...change } }));
  }

  /** Stores the unfinished download for the next visit. */
  function remember() {
    const { fetch } = store.getState();
    const { wanted, id, name } = fetch ?? {};
    storeValue(storage, downloadKey, wanted && wanted.kind !== 'folder' ? { wanted, id, name } : null);
  }

  /** Aborts the current attempt; its later events are ignored. */
  function endAttempt() {
    attempt.abort();
    progress.cancel();
  }

  /** Aborts the download and removes it from the page. */
  function drop() {
    endAttempt();
    store.setState({ fetch: null });
    remember();
    notices.dismissTopic(topic);
  }

  /** Downloads until the model is complete, with retries after network failures. Returns silently when aborted. */
  async function fetchUntilWhole(wanted: WantedModel, signal: AbortSignal): Promise<void> {
    const isStopped = () => signal.aborted;
    // It may have been paused or replaced while it was queued.
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
      const { id } = await retryForever(
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
      // Also if it was paused just as it completed, but not if another attempt has replaced it.
      if (signal === attempt.signal && store.getState().fetch) finish(id);
    } catch (error) {
      // The code that aborted it has set the new state.
      if (isStopped()) return;
      progress.cancel();
      patch({ phase: 'failed', news: '' });
      library.report(error, {
        topic,
        kept: 'What has been downloaded is kept.',
        actions: [{ label: 'Resume', run: downloads.resume }],
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
    // Only the page can request this, not the worker. It may wait for the user's answer, so it is not awaited.
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
      const unfinished = readStoredValue(storage, downloadKey, unfinishedSchema);
      if (!unfinished) return;
      store.setState({
        fetch: { ...unfinished, phase: 'paused', progress: null, news: '', thenUse: false },
      });
      notices.info(topic, `The download of ${unfinished.name} is not finished.`, [
        { label: 'Resume', run: downloads.resume },
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
      // Queued, so that a download started meanwhile begins after the removal.
      await whenFree(async () => {
        await library.refresh();
        if (id === null) return;
        // Also if it is not listed, since it may have left files.
        const found = store.getState().installed?.find((each) => each.id === id);
        if (!found || found.state === 'partial') await removeFiles(id);
      });
    },

    async remove(id) {
      const { fetch } = store.getState();
      // A waiting download would resume with the network and install the model again.
      if (fetch?.id === id && fetch.phase === 'waiting') downloads.pause();
      // Queued after an attempt that was just aborted, which may still have files open.
      await (fetch?.id === id ? whenFree(() => removeFiles(id)) : removeFiles(id));
    },
  };
  return downloads;
}

/** Whether a download resumes only on the user's request. */
function canResume({ phase }: ModelFetch): boolean {
  return phase === 'pausing' || phase === 'paused' || phase === 'failed';
}
