import * as v from 'valibot';
import type { StoreApi } from 'zustand/vanilla';
import { modelIdSchema } from '../protocol/index.ts';
import type { ModelLocation, ModelOrigin, WantedModel } from '../protocol/index.ts';
import type { Environment } from './environment.ts';
import { builtInModel, readOrigin, readRequestedModel, withOrigin } from './page-url.ts';
import type { ModelLibrary } from './model-library.ts';
import type { ModelStore } from './model.ts';
import { downloadTopic, namedTopic } from './models-state.ts';
import type { ModelsState } from './models-state.ts';
import type { Notices } from './notices.ts';
import { storeValue, readStoredValue } from './preferences.ts';
import { isSame, originWords } from './wanted.ts';

/** Selection of the model in use, which later visits remember. */
export interface ModelChoice {
  /**
   * Loads the model named by the URL, else the one chosen last, else the built-in one. If `?installed=` names a model
   * that is not on this device, a notice offers it. Resolves when loading has started.
   */
  readonly begin: () => Promise<void>;
  /** Selects and loads a model of this device by its id; null for the built-in one. */
  readonly use: (id: string | null) => void;
  /** Switches to the built-in model if this one is in use, because its files are about to change. */
  readonly stopUsing: (id: string) => Promise<void>;
  /** Whether the URL names this model, so that it is used as soon as it is installed. */
  readonly isNamed: (wanted: WantedModel) => boolean;
  /** Whether this is the built-in model. */
  readonly isBuiltIn: (location: ModelLocation) => boolean;
}

const chosenKey = 'drift.model';

const chosenSchema = v.nullable(modelIdSchema);

/** Creates the selection of the model in use, from the address, the last visit, or the built-in model. */
export function createModelChoice({
  store,
  library,
  model,
  notices,
  environment: { storage, address },
}: {
  store: StoreApi<ModelsState>;
  library: ModelLibrary;
  model: ModelStore;
  notices: Notices;
  environment: Pick<Environment, 'storage' | 'address'>;
}): ModelChoice {
  /** The model that `?installed=` names. */
  let named: ModelOrigin | null = null;

  /** Parses `?installed=`; shows an error and returns null if it is not valid. */
  function readNamed(): ModelOrigin | null {
    try {
      return readOrigin(address.read());
    } catch (error) {
      notices.error(error, { topic: namedTopic });
      return null;
    }
  }

  /** Returns the id of the installed model with this origin. If there is none, offers it in a notice; returns null. */
  async function findNamed(origin: ModelOrigin): Promise<string | null> {
    await library.refresh();
    const found = store.getState().installed?.find((each) => each.origin && isSame(origin, each.origin));
    if (found) return found.id;
    const name = originWords(origin) || 'the full model';
    const see = () => {
      library.show(origin);
    };
    notices.info(namedTopic, `This link is made for a model that is not on this device: ${name}.`, [
      { label: 'See what it takes', run: see },
    ]);
    return null;
  }

  /** Stores the choice for the next visit once the model is in use. */
  function remember({ status, location }: ReturnType<ModelStore['getState']>, before: ModelLocation | null) {
    if (status !== 'ready' || !location || location === before) return;
    if (location.kind === 'installed') {
      // Copying a link needs the model's origin, and must do so within the user's click: load the list ahead.
      if (!store.getState().installed) void library.refresh();
      // A model from a link is used for this visit only.
      if (!new URL(address.read()).searchParams.has('installed')) storeValue(storage, chosenKey, location.id);
    } else if (choice.isBuiltIn(location)) {
      storeValue(storage, chosenKey, null);
    }
  }

  const choice: ModelChoice = {
    async begin() {
      const chosen = readStoredValue(storage, chosenKey, chosenSchema);
      model.subscribe((state, before) => {
        remember(state, before.location);
      });
      named = readNamed();
      const id = (named && (await findNamed(named))) ?? chosen;
      model.load(() => readRequestedModel(address.read(), id));
    },

    use(id) {
      // Otherwise a reload would load the model that the URL names.
      address.replace(withOrigin(address.read(), null));
      named = null;
      notices.dismissTopic(downloadTopic);
      notices.dismissTopic(namedTopic);
      model.load(() => readRequestedModel(address.read(), id));
    },

    async stopUsing(id) {
      const { location } = model.getState();
      if (location?.kind !== 'installed' || location.id !== id) return;
      choice.use(null);
      await model.whenReady();
    },

    isNamed: (wanted) => named !== null && isSame(named, wanted),

    isBuiltIn: (location) => urlOf(location) === urlOf(builtInModel(address.read())),
  };
  return choice;
}

function urlOf(location: ModelLocation): string | null {
  return location.kind === 'url' ? location.url : null;
}
