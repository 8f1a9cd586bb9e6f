import type { StoreApi } from 'zustand/vanilla';
import type { ModelProgress, modelsApi } from '../protocol/index.ts';
import type { Environment } from './environment.ts';
import { createLatest } from './latest.ts';
import type { WorkerHandle } from './worker-handle.ts';
import type { ModelDownloads } from './model-downloads.ts';
import type { ModelLibrary } from './model-library.ts';
import { nameOf } from './models-state.ts';
import type { ModelsState } from './models-state.ts';
import type { Notices } from './notices.ts';

/** Verification of installed models by their checksums. */
export interface ModelCheck {
  readonly verify: (id: string) => Promise<void>;
  readonly stopVerifying: () => void;
}

/** Creates the verification of installed models; its results are shown in `store` and as notices. */
export function createModelCheck({
  store,
  worker,
  library,
  downloads,
  notices,
  environment: { nextPaint },
}: {
  store: StoreApi<ModelsState>;
  worker: WorkerHandle<typeof modelsApi>;
  library: ModelLibrary;
  downloads: Pick<ModelDownloads, 'get'>;
  notices: Notices;
  environment: Pick<Environment, 'nextPaint'>;
}): ModelCheck {
  let checking = new AbortController();

  function report(id: string, damaged: number) {
    const name = nameOf(store.getState(), id);
    const repair = () => {
      downloads.get({ kind: 'installed', id }, name);
    };
    const offer = [{ label: 'Repair', run: repair }];
    if (damaged > 0) {
      const chunks = damaged === 1 ? 'One chunk' : `${damaged} chunks`;
      notices.info(
        'check',
        `${chunks} of ${name} ${damaged === 1 ? 'is' : 'are'} damaged. “Repair” downloads only that.`,
        offer,
      );
      return;
    }
    // Chunks that an earlier check found damaged count as missing, and are not checked again.
    const isWhole = store.getState().installed?.find((each) => each.id === id)?.state !== 'damaged';
    notices.info(
      'check',
      isWhole
        ? `${name} is intact.`
        : `The downloaded part of ${name} is intact; the rest is missing. “Repair” downloads only that.`,
      isWhole ? [] : offer,
    );
  }

  return {
    async verify(id) {
      checking.abort();
      checking = new AbortController();
      const { signal } = checking;
      const show = createLatest<ModelProgress>(nextPaint, (latest) => {
        if (!signal.aborted) store.setState({ check: { id, progress: latest } });
      });
      store.setState({ check: { id, progress: null } });
      try {
        const { damaged } = await worker.call(
          'verify',
          { id },
          {
            signal,
            onEvent: (event) => {
              show.push(event);
            },
          },
        );
        await library.refresh();
        if (!signal.aborted) report(id, damaged);
      } catch (error) {
        library.report(error);
        await library.refresh();
      } finally {
        show.cancel();
        if (!signal.aborted) store.setState({ check: null });
      }
    },

    stopVerifying() {
      checking.abort();
      store.setState({ check: null });
    },
  };
}
