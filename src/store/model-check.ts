import type { StoreApi } from 'zustand/vanilla';
import type { ModelProgress, modelsApi } from '../protocol/index.ts';
import type { Environment } from './environment.ts';
import { createLatest } from './latest.ts';
import type { Link } from './link.ts';
import type { ModelDownloads } from './model-downloads.ts';
import type { ModelLibrary } from './model-library.ts';
import { nameOf } from './models-state.ts';
import type { ModelsState } from './models-state.ts';
import type { Notices } from './notices.ts';

/** Compares models of this device with their checksums. */
export interface ModelCheck {
  readonly verify: (id: string) => Promise<void>;
  readonly stopVerifying: () => void;
}

export function createModelCheck({
  store,
  link,
  library,
  downloads,
  notices,
  environment: { nextPaint },
}: {
  store: StoreApi<ModelsState>;
  link: Link<typeof modelsApi>;
  library: ModelLibrary;
  downloads: Pick<ModelDownloads, 'get'>;
  notices: Notices;
  environment: Pick<Environment, 'nextPaint'>;
}): ModelCheck {
  let checking = new AbortController();

  function tell(id: string, damaged: number) {
    const name = nameOf(store.getState(), id);
    if (damaged === 0) {
      notices.info('check', `${name} is as it should be.`, []);
      return;
    }
    const pieces = damaged === 1 ? 'One piece' : `${damaged} pieces`;
    const repair = () => {
      downloads.get({ kind: 'installed', id }, name);
    };
    notices.info(
      'check',
      `${pieces} of ${name} ${damaged === 1 ? 'is' : 'are'} damaged. “Repair” downloads that alone.`,
      [{ label: 'Repair', run: repair }],
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
        const { damaged } = await link.call(
          'verify',
          { id },
          {
            signal,
            onEvent: (event) => {
              show.push(event);
            },
          },
        );
        if (!signal.aborted) tell(id, damaged);
      } catch (error) {
        library.report(error);
      } finally {
        show.cancel();
        if (!signal.aborted) store.setState({ check: null });
      }
      await library.refresh();
    },

    stopVerifying() {
      checking.abort();
      store.setState({ check: null });
    },
  };
}
