import type { StoreApi } from 'zustand/vanilla';
import { WorkerError, isAbort } from '../base/index.ts';
import type { Device, ModelOrigin, WantedModel, modelsApi } from '../protocol/index.ts';
import type { Environment } from './environment.ts';
import type { WorkerHandle } from './worker-handle.ts';
import { readHub } from './page-url.ts';
import type { ModelStore } from './model.ts';
import type { LookResult, ModelsState } from './models-state.ts';
import type { Notices } from './notices.ts';
import { originWords } from './wanted.ts';

/** Catalogue of the installed models, and of the costs of others. */
export interface ModelLibrary {
  /** Reloads the list of installed models. */
  readonly refresh: () => Promise<void>;
  /** Public origin of an installed model; null if it has none. */
  readonly originOf: (id: string) => Promise<ModelOrigin | null>;
  /** Determines the costs of a model; the result is in `full` for the recommended one, else in `added`. */
  readonly look: (wanted: WantedModel) => Promise<void>;
  /** Clears `added`. */
  readonly forget: () => void;
  /** Opens the Models dialog; with `origin`, it also determines the costs of that model. */
  readonly show: (origin?: ModelOrigin) => void;
  readonly hide: () => void;
  /** Shows an error of the models worker. */
  readonly report: (error: unknown, options?: Parameters<Notices['error']>[1]) => void;
}

/** Creates the catalogue of models, which is read from the worker and kept in `store`. */
export function createModelLibrary({
  store,
  worker,
  model,
  notices,
  environment: { address },
}: {
  store: StoreApi<ModelsState>;
  worker: WorkerHandle<typeof modelsApi>;
  model: ModelStore;
  notices: Notices;
  environment: Pick<Environment, 'address'>;
}): ModelLibrary {
  const looking = { full: new AbortController(), added: new AbortController() };

  // Costs depend on the device: determine them again when it changes.
  model.subscribe(({ device }) => {
    const { full, added } = store.getState();
    for (const look of [full, added]) {
      if (look?.status === 'cost' && !isSameDevice(look.device, device)) void library.look(look.wanted);
    }
  });

  const library: ModelLibrary = {
    async refresh() {
      try {
        const { models: installed, free } = await worker.call('list', {});
        store.setState({ installed, free });
      } catch (error) {
        library.report(error);
        store.setState(({ installed }) => ({ installed: installed ?? [] }));
      }
    },

    async originOf(id) {
      if (!store.getState().installed) await library.refresh();
      return store.getState().installed?.find((each) => each.id === id)?.origin ?? null;
    },

    async look(wanted) {
      const slot = wanted.kind === 'full' ? 'full' : 'added';
      looking[slot].abort();
      looking[slot] = new AbortController();
      const { signal } = looking[slot];
      const set = (look: LookResult) => {
        if (!signal.aborted) store.setState({ [slot]: look });
      };
      const before = store.getState()[slot];
      // Keep showing known costs while they are determined again for another device.
      if (before?.status !== 'cost' || before.wanted !== wanted) set({ status: 'looking', wanted });
      const { device } = model.getState();
      try {
        const parameters = { wanted, hub: readHub(address.read()), ...(device && { device }) };
        const found = await worker.call('look', parameters, { signal });
        // Costs for a device that changed meanwhile are not shown.
        if (!signal.aborted && !isSameDevice(device, model.getState().device)) {
          await library.look(wanted);
          return;
        }
        if (found.kind === 'cost') {
          set({ status: 'cost', wanted, cost: found.cost, free: found.free, device });
        } else {
          const problems = found.problems.map(({ message, remedy }) => ({ message, remedy }));
          set({ status: 'problems', wanted, problems });
        }
      } catch (error) {
        if (isAbort(error)) return;
        library.report(error);
        if (!signal.aborted) store.setState({ [slot]: null });
      }
    },

    forget() {
      looking.added.abort();
      store.setState({ added: null });
    },

    show(origin) {
      store.setState({ dialog: { address: origin ? originWords(origin) : '' } });
      if (origin) void library.look(origin);
    },

    hide() {
      store.setState({ dialog: null });
    },

    report(error, options = {}) {
      notices.error(error, {
        ...options,
        ...(error instanceof WorkerError && { remedy: 'Try again; what has been downloaded is kept.' }),
      });
    },
  };
  return library;
}

function isSameDevice(one: Device | null, other: Device | null): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}
