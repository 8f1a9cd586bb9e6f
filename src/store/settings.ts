import { createStore } from 'zustand/vanilla';
import type { StoreApi } from 'zustand/vanilla';
import {
  checkField,
  closestRecipe,
  defaultSettings,
  overlaySettings,
  readStoredSettings,
  rebasedRecipe,
  recipeOf,
  recipePart,
  recipeSettings,
  settingFields,
  speedField,
} from '../project/index.ts';
import type {
  FieldProblem,
  Recipe,
  RecipeId,
  SettingField,
  Settings,
  SettingsPart,
} from '../project/index.ts';
import type { Environment } from './environment.ts';
import type { History, HistoryEntry } from './history.ts';
import { keep } from './preferences.ts';
import { createSettingsRecorder } from './settings-recorder.ts';

export type FieldKey = SettingField['key'];
export type PromptKey = 'positivePrompts' | 'negativePrompts';

export interface SettingsState {
  /** The settings in force: always valid. */
  readonly values: Settings;
  /** The program's defaults under the model's own. */
  readonly base: Settings;
  /** What the person changed. */
  readonly changed: SettingsPart;
  /** The recipe that was chosen, or else the one that the settings are closest to. */
  readonly recipe: RecipeId;
  /** What the settings are by that recipe: fields say where theirs differ. */
  readonly byRecipe: Settings;
  /** The text of fields that are being edited, or that hold something which cannot be used. */
  readonly drafts: Readonly<Partial<Record<FieldKey, string>>>;
  readonly problems: Readonly<Partial<Record<FieldKey, FieldProblem>>>;
  /** Width and height are multiples of this. */
  readonly multiple: number;
  /** The field that needs the person's eye; `turn` counts up so that the same field can ask again. */
  readonly attention: { readonly key: FieldKey; readonly turn: number } | null;
}

export interface SettingsStore extends StoreApi<SettingsState> {
  /** Takes what is being typed: usable text counts at once, the rest waits for `commit`. */
  readonly edit: (key: FieldKey, text: string) => void;
  /** The field is left: text that cannot be used becomes a problem, and what is typed next is another change. */
  readonly commit: (key: FieldKey | PromptKey) => void;
  /** Checks every field of the mode that is chosen. Returns the settings, or null after drawing attention to the first problem. */
  readonly commitAll: () => Settings | null;
  readonly set: (part: SettingsPart) => void;
  /** Takes settings in the place of all that were changed, in one step. Returns its entry in the history, if it changed any. */
  readonly replace: (part: SettingsPart) => HistoryEntry | null;
  readonly setPrompts: (key: PromptKey, text: string) => void;
  readonly newSeed: () => void;
  /** Takes the settings that a recipe decides; the person's own, as prompts and seed, stay. */
  readonly chooseRecipe: (id: RecipeId) => void;
  /** Shows a problem that the field alone cannot know of, and draws attention to it. It stays until `recheck`. */
  readonly refuse: (key: FieldKey, problem: FieldProblem) => void;
  /** Takes back what was refused, because its reason may be gone. */
  readonly recheck: () => void;
  /** Back to the defaults of the program and the model, in the same mode; returns what had been changed. */
  readonly reset: () => SettingsPart;
  /**
   * Opens the settings of a model that is being loaded: what was changed with it on earlier visits comes back, under
   * what the person changed on this one. They count as the model's from `applyModel` on.
   */
  readonly openModel: (url: string) => void;
  /** The model is loaded: its defaults come under what the person changed. */
  readonly applyModel: (defaults: SettingsPart, latentScale: number) => void;
  /**
   * The model could not be loaded: the settings are those of the one before again, with what was changed while it was
   * being loaded. What is kept of the other model is what it was.
   */
  readonly closeModel: () => void;
}

const promptLimit = 10_000;

/** Settings as they are while one model is in use. */
interface Owned extends Pick<SettingsState, 'base' | 'changed' | 'multiple'> {
  /** What they are stored under; null before any model was opened. */
  readonly storageKey: string | null;
  /** Whether the model's own defaults are known. */
  readonly modelKnown: boolean;
}

/** The settings of a model that is being loaded. */
interface Opening {
  readonly storageKey: string;
  /** What was stored of it on earlier visits. */
  stored: SettingsPart;
  /** What the person has changed since it was opened. */
  typed: SettingsPart;
  before: Owned;
}

/** The settings of the animation, kept for each model from visit to visit. */
export function createSettings({
  environment: { storage, randomSeed },
  history,
}: {
  environment: Pick<Environment, 'storage' | 'randomSeed'>;
  history: History;
}): SettingsStore {
  const store = createStore<SettingsState>()(() => ({
    values: defaultSettings,
    base: defaultSettings,
    changed: {},
    recipe: closestRecipe(defaultSettings, defaultSettings).id,
    byRecipe: recipeSettings(closestRecipe(defaultSettings, defaultSettings), defaultSettings),
    drafts: {},
    problems: {},
    multiple: 8,
    attention: null,
  }));
  let storageKey: string | null = null;
  let modelKnown = false;
  let opening: Opening | null = null;
  /** The recipe that the person chose, until settings come from elsewhere. */
  let chosen: Recipe | null = null;

  /**
   * Lays `changed` over `base` and stores it, leaving out what is the default anyway. Until the model's defaults
   * are known, nothing is: what a person typed early must not give way to them.
   */
  function rebase(base: Settings, changed: SettingsPart, rest: Partial<SettingsState> = {}) {
    const values = overlaySettings(base, changed);
    const different = without(changed, (key) => modelKnown && values[key] === base[key]);
    if (chosen?.set.mode !== values.mode) chosen = null;
    const recipe = chosen ?? closestRecipe(values, base);
    const byRecipe = recipeSettings(recipe, base);
    store.setState({ ...rest, base, values, changed: different, recipe: recipe.id, byRecipe });
    // What was changed with another model belongs to this one once it is loaded, and not before.
    if (opening) keep(storage, opening.storageKey, { ...opening.stored, ...opening.typed });
    else if (storageKey !== null) keep(storage, storageKey, different);
  }

  /** Takes what the person has changed. */
  function change(part: SettingsPart, rest: Partial<SettingsState>) {
    const { base, changed } = store.getState();
    if (opening) opening.typed = { ...opening.typed, ...part };
    rebase(base, { ...changed, ...part }, rest);
  }

  /** Takes settings whose fields are not being typed into. */
  function take(part: SettingsPart, recipe: Recipe | null) {
    const { drafts, problems } = store.getState();
    const touched = (key: string) => key in part;
    chosen = recipe;
    change(part, { drafts: without(drafts, touched), problems: without(problems, touched) });
  }

  function reset() {
    const { base, changed } = store.getState();
    const kept = { mode: changed.mode };
    chosen = null;
    if (opening) {
      opening.stored = kept;
      opening.typed = {};
      opening.before = { ...opening.before, changed: kept };
    }
    rebase(base, kept, { drafts: {}, problems: {} });
  }

  const recorder = createSettingsRecorder({
    history,
    read: () => {
      const { values, changed } = store.getState();
      return { values, changed, recipe: chosen };
    },
    put: take,
  });

  function check(key: FieldKey) {
    const { drafts, values, multiple } = store.getState();
    return checkField(fieldOf(key), drafts[key] ?? String(values[key]), multiple);
  }

  function attend(key: FieldKey) {
    store.setState(({ attention }) => ({ attention: { key, turn: (attention?.turn ?? 0) + 1 } }));
  }

  const settings: SettingsStore = {
    ...store,
    edit(key, text) {
      store.setState(({ drafts }) => ({ drafts: { ...drafts, [key]: text } }));
      const result = check(key);
      if (!result.ok) return;
      const { problems } = store.getState();
      recorder.record(fieldOf(key).label, key, () => {
        change({ [key]: result.value }, { problems: without(problems, key) });
      });
    },
    commit(key) {
      recorder.seal();
      if (key === 'positivePrompts' || key === 'negativePrompts') return;
      const result = check(key);
      const { drafts, problems } = store.getState();
      if (!result.ok) {
        store.setState({ problems: { ...problems, [key]: result.problem } });
      }
      // A field left as it was keeps what was refused, or the way out offered beside it would go as one reaches for it.
      else if (drafts[key] !== undefined) {
        store.setState({ drafts: without(drafts, key), problems: without(problems, key) });
      }
    },
    commitAll() {
      const { mode } = store.getState().values;
      const fields = settingFields.filter(({ modes }) => modes.includes(mode));
      for (const { key } of fields) settings.commit(key);
      settings.recheck();
      const { problems, values } = store.getState();
      const bad = fields.find(({ key }) => problems[key]);
      if (!bad) return values;
      attend(bad.key);
      return null;
    },
    set(part) {
      // Another mode, or all settings of a project or a link: whichever recipe they are closest to.
      recorder.record(labelOf(part), null, () => {
        take(part, 'mode' in part ? null : chosen);
      });
    },
    replace(part) {
      return recorder.record('Settings', null, () => {
        reset();
        take(part, null);
      });
    },
    setPrompts(key, text) {
      recorder.record('Prompts', key, () => {
        take({ [key]: text.slice(0, promptLimit) }, chosen);
      });
    },
    newSeed() {
      settings.set({ seed: randomSeed() });
    },
    chooseRecipe(id) {
      const recipe = recipeOf(id);
      recorder.record(`Recipe ${recipe.label}`, null, () => {
        take(recipePart(recipe, store.getState().base), recipe);
      });
    },
    refuse(key, problem) {
      store.setState(({ problems }) => ({ problems: { ...problems, [key]: problem } }));
      attend(key);
    },
    recheck() {
      const { problems } = store.getState();
      store.setState({ problems: without(problems, (key) => check(key).ok) });
    },
    reset() {
      const { changed } = store.getState();
      recorder.record('Reset to defaults', null, reset);
      return changed;
    },
    openModel(url) {
      const key = `drift.settings:${url}`;
      if (key === opening?.storageKey) return;
      settings.closeModel();
      // Loaded once more: its defaults are known already.
      if (key === storageKey) return;
      const { base, changed, multiple } = store.getState();
      const stored = readStoredSettings(readKey(storage, key));
      opening = {
        storageKey: key,
        stored,
        typed: {},
        before: { storageKey, modelKnown, base, changed, multiple },
      };
      modelKnown = false;
      rebase(defaultSettings, { ...stored, ...changed });
    },
    closeModel() {
      if (!opening) return;
      const { storageKey: other, stored, typed, before } = opening;
      opening = null;
      keep(storage, other, stored);
      ({ storageKey, modelKnown } = before);
      rebase(before.base, { ...before.changed, ...typed }, { multiple: before.multiple });
    },
    applyModel(defaults, latentScale) {
      const { base: before, changed, drafts, problems } = store.getState();
      storageKey = opening?.storageKey ?? storageKey;
      opening = null;
      modelKnown = true;
      const base = overlaySettings(defaultSettings, defaults);
      rebase(base, chosen ? rebasedRecipe(chosen, changed, before, base) : changed, {
        multiple: leastCommonMultiple(8, latentScale),
        // What was wrong with a value that nobody is typing was wrong with the value before.
        problems: without(problems, (key) => drafts[key] === undefined),
      });
    },
  };
  return settings;
}

/** The field of a key. */
export function fieldOf(key: FieldKey): SettingField {
  const field = settingFields.find((candidate) => candidate.key === key);
  if (!field) throw new Error(`There is no field ${key}.`);
  return field;
}

/** What a change of settings is called in the history. */
function labelOf(part: SettingsPart): string {
  const [key, ...others] = Object.keys(part);
  if (others.length > 0) return 'Settings';
  if (key === 'mode') return 'Mode';
  if (key === 'speed') return speedField.label;
  return settingFields.find((candidate) => candidate.key === key)?.label ?? 'Settings';
}

function without<T extends object>(
  record: T,
  drop: string | ((key: keyof T & string) => boolean),
): Partial<T> {
  const result: Partial<T> = { ...record };
  for (const key in record) {
    if (typeof drop === 'string' ? key === drop : drop(key)) Reflect.deleteProperty(result, key);
  }
  return result;
}

function readKey(storage: Environment['storage'], key: string): string | null {
  try {
    return storage?.getItem(key) ?? null;
  } catch {
    return null;
  }
}

function leastCommonMultiple(a: number, b: number): number {
  const divisor = (x: number, y: number): number => (y === 0 ? x : divisor(y, x % y));
  return b < 1 ? a : (a * b) / divisor(a, b);
}
