import type { StoreApi } from 'zustand/vanilla';
import { ModelError } from '../base/index.ts';
import type { modelsApi } from '../protocol/index.ts';
import type { Environment } from './environment.ts';
import type { WorkerHandle } from './worker-handle.ts';
import { createModelCheck } from './model-check.ts';
import type { ModelCheck } from './model-check.ts';
import { createModelChoice } from './model-choice.ts';
import type { ModelChoice } from './model-choice.ts';
import { createModelDownloads } from './model-downloads.ts';
import type { ModelDownloads } from './model-downloads.ts';
import { createModelLibrary } from './model-library.ts';
import type { ModelLibrary } from './model-library.ts';
import type { ModelStore, Remedies } from './model.ts';
import { createModelsState, nameOf } from './models-state.ts';
import type { ModelsState } from './models-state.ts';
import type { NoticeAction, Notices } from './notices.ts';

/** Store of all models: list and costs, downloads, verification, and the choice of the model in use. */
export interface ModelsStore
  extends
    StoreApi<ModelsState>,
    Omit<ModelLibrary, 'report'>,
    Omit<ModelDownloads, 'recall'>,
    ModelCheck,
    Pick<ModelChoice, 'begin' | 'use'> {}

/** Codes of errors of an installed model that downloading its missing chunks repairs. */
const mendable = ['model-damaged', 'model-partial', 'not-found'];

/** Creates the store of all models from its parts. */
export function createModels({
  worker,
  model,
  notices,
  environment,
}: {
  worker: WorkerHandle<typeof modelsApi>;
  model: ModelStore;
  notices: Notices;
  environment: Environment;
}): ModelsStore {
  const store = createModelsState();
  const library = createModelLibrary({ store, worker, model, notices, environment });
  const choice = createModelChoice({ store, library, model, notices, environment });
  const downloads = createModelDownloads({ store, worker, library, choice, notices, environment });
  const check = createModelCheck({ store, worker, library, downloads, notices, environment });

  const remedies: Remedies = (error, location, kept) => {
    const actions: NoticeAction[] = [];
    if (location.kind === 'installed' && error instanceof ModelError && mendable.includes(error.code)) {
      const { id } = location;
      const repair = () => {
        downloads.get({ kind: 'installed', id }, nameOf(store.getState(), id), { thenUse: true });
      };
      actions.push({ label: 'Repair', run: repair });
    }
    if (location.kind === 'url' && error instanceof ModelError && error.code === 'too-large') {
      const { url } = location;
      const install = () => {
        library.show({ kind: 'manifest', url });
      };
      actions.push({ label: 'Install it', run: install });
    }
    if (!kept && !choice.isBuiltIn(location)) {
      const goBack = () => {
        choice.use(null);
      };
      actions.push({ label: 'Use the built-in model', run: goBack });
    }
    return actions;
  };
  model.offer(remedies);

  return {
    ...store,
    ...library,
    ...downloads,
    ...check,
    use: choice.use,
    begin() {
      downloads.recall();
      return choice.begin();
    },
  };
}
