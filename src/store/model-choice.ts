import * as v from 'valibot';
import type { StoreApi } from 'zustand/vanilla';
import { modelIdSchema } from '../protocol/index.ts';
import type { ModelOrigin, ModelPlace, WantedModel } from '../protocol/index.ts';
import type { Environment } from './environment.ts';
import { builtInModel, readOrigin, readWish, withOrigin } from './location.ts';
import type { ModelLibrary } from './model-library.ts';
import type { ModelStore } from './model.ts';
import { downloadTopic, namedTopic } from './models-state.ts';
import type { ModelsState } from './models-state.ts';
import type { Notices } from './notices.ts';
import { keep, readKept } from './preferences.ts';
import { isSame, originWords } from './wanted.ts';

/** Which model frames are made with, now and on the next visits. */
export interface ModelChoice {
  /**
   * Loads the model of this visit: what the address asks for, or what was chosen last, or the built-in one. A model that
   * the address names and that is not here is offered. Resolves once the loading has begun.
   */
  readonly begin: () => Promise<void>;
  /** Makes frames with a model of this device, now and on the next visits; null for the built-in one. */
  readonly use: (id: string | null) => void;
  /** Has the built-in model take the place of this one, whose files are about to change. */
  readonly stopUsing: (id: string) => Promise<void>;
  /** Whether the address names this model, which is then used as soon as it is here. */
  readonly isNamed: (wanted: WantedModel) => boolean;
  /** Whether this is the model that is served with the page. */
  readonly isBuiltIn: (place: ModelPlace) => boolean;
}

const chosenKey = 'drift.model';

const chosenSchema = v.nullable(modelIdSchema);

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
  /** The model that the address names. */
  let named: ModelOrigin | null = null;

  /** Reads what the address names, and shows what is wrong with it. */
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

  /** Keeps the choice for the next visit once the model is in use. */
  function remember({ status, place }: ReturnType<ModelStore['getState']>, before: ModelPlace | null) {
    if (status !== 'ready' || !place || place === before) return;
    if (place.kind === 'installed') {
      // Where it came from is asked for in the middle of a click, which does not wait.
      if (!store.getState().installed) void library.refresh();
      // A link is for this visit.
      if (!new URL(address.read()).searchParams.has('installed')) keep(storage, chosenKey, place.id);
    } else if (choice.isBuiltIn(place)) {
      keep(storage, chosenKey, null);
    }
  }

  const choice: ModelChoice = {
    async begin() {
      const chosen = readKept(storage, chosenKey, chosenSchema);
      model.subscribe((state, before) => {
        remember(state, before.place);
      });
      named = readNamed();
      const id = (named && (await findNamed(named))) ?? chosen;
      model.load(() => readWish(address.read(), id));
    },

    use(id) {
      // Or the next visit would begin with the model that the address asks for.
      address.replace(withOrigin(address.read(), null));
      named = null;
      notices.dismissTopic(downloadTopic);
      notices.dismissTopic(namedTopic);
      model.load(() => readWish(address.read(), id));
    },

    async stopUsing(id) {
      const { place } = model.getState();
      if (place?.kind !== 'installed' || place.id !== id) return;
      choice.use(null);
      await model.whenReady();
    },

    isNamed: (wanted) => named !== null && isSame(named, wanted),

    isBuiltIn: (place) => urlOf(place) === urlOf(builtInModel(address.read())),
  };
  return choice;
}

function urlOf(place: ModelPlace): string | null {
  return place.kind === 'url' ? place.url : null;
}
