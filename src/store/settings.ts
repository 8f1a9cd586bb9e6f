import { createStore } from 'zustand/vanilla';
import type { StoreApi } from 'zustand/vanilla';
import {
  checkField,
  closestRecipe,
  defaultSettings,
  overlaySettings,
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
import { createExpectedDefaults } from './expected-defaults.ts';
import type { History, HistoryEntry } from './history.ts';
import { createModelSettings } from './model-settings.ts';
import { createSettingsRecorder } from './settings-recorder.ts';

export type FieldKey = SettingField['key'];
export type PromptKey = 'positivePrompts' | 'negativePrompts';

/** State of the settings. */
export interface SettingsState {
  /** Current settings, always valid. */
  readonly values: Settings;
  /** Default settings: the program's, overlaid with the model's. */
  readonly base: Settings;
  /** Whether a model is being loaded whose defaults are not known yet; `base` has the program's then. */
  readonly waiting: boolean;
  /** The user's changes to `base`. */
  readonly changed: SettingsPart;
  /** The chosen recipe, or else the one that the settings are closest to. */
  readonly recipe: RecipeId;
  /** `base` with that recipe; fields show where the current settings differ. */
  readonly byRecipe: Settings;
  /** Text of fields that are being edited or have invalid text. */
  readonly drafts: Readonly<Partial<Record<FieldKey, string>>>;
  readonly problems: Readonly<Partial<Record<FieldKey, FieldProblem>>>;
  /** Width and height must be multiples of this. */
  readonly multiple: number;
  /** The field to focus; `turn` is incremented so that the same field can be focused again. */
  readonly attention: { readonly key: FieldKey; readonly turn: number } | null;
}

/** Settings, their defaults and the recipe. */
export interface SettingsStore extends StoreApi<SettingsState> {
  /** Handles typed text: valid text is applied at once, invalid text is reported by `commit`. */
  readonly edit: (key: FieldKey, text: string) => void;
  /** Handles the loss of focus: reports invalid text, and ends the undo entry of the typed text. */
  readonly commit: (key: FieldKey | PromptKey) => void;
  /** Validates all fields of the current mode. Returns the settings, or null after focusing the first problem. */
  readonly commitAll: () => Settings | null;
  readonly set: (part: SettingsPart) => void;
  /** Replaces all changes by `part`, as one undo entry. Returns the entry, or null if nothing changed. */
  readonly replace: (part: SettingsPart) => HistoryEntry | null;
  readonly setPrompts: (key: PromptKey, text: string) => void;
  readonly newSeed: () => void;
  /**
   * Applies a recipe, and `others` with it as one undo entry. Settings that neither sets, such as prompts, stay.
   */
  readonly chooseRecipe: (id: RecipeId, others?: SettingsPart) => void;
  /** Shows a problem that the field's own validation cannot detect, and focuses the field. It stays until `recheck`. */
  readonly refuse: (key: FieldKey, problem: FieldProblem) => void;
  /** Clears the problems of `refuse`, because their reasons may be gone. */
  readonly recheck: () => void;
  /** Resets everything but the mode to the defaults. Returns the previous changes. */
  readonly reset: () => SettingsPart;
  /**
   * Opens the settings of a model whose load starts: its stored changes, overlaid with the user's current ones, over
   * the defaults that it had when it was loaded last, if any. The changes are stored as the model's after `applyModel`.
   */
  readonly openModel: (url: string) => void;
  /** Applies the defaults of a loaded model, below the user's changes. */
  readonly applyModel: (defaults: SettingsPart, latentScale: number) => void;
  /**
   * Returns to the settings of the previous model after a failed load, with the changes made meanwhile. The stored
   * settings of the other model are restored.
   */
  readonly closeModel: () => void;
}

const promptLimit = 10_000;

/** Creates the store of the settings, which are stored per model across visits. */
export function createSettings({
  environment: { storage, address, randomSeed },
  history,
}: {
  environment: Pick<Environment, 'storage' | 'address' | 'randomSeed'>;
  history: History;
}): SettingsStore {
  const store = createStore<SettingsState>()(() => ({
    values: defaultSettings,
    base: defaultSettings,
    waiting: true,
    changed: {},
    recipe: closestRecipe(defaultSettings, defaultSettings).id,
    byRecipe: recipeSettings(closestRecipe(defaultSettings, defaultSettings), defaultSettings),
    drafts: {},
    problems: {},
    multiple: 8,
    attention: null,
  }));
  const models = createModelSettings(storage);
  const expected = createExpectedDefaults({ storage, address });
  /** Key of the model that was opened last. */
  let opened = '';
  /** The recipe that the user chose; null after the mode, or all settings, were set otherwise. */
  let chosen: Recipe | null = null;

  /**
   * Overlays `base` with `changed` and stores the changes without those that equal the defaults. Until the model's
   * defaults are known, all are kept: the defaults must not override what the user typed during loading.
   */
  function rebase(base: Settings, changed: SettingsPart, rest: Partial<SettingsState> = {}) {
    const values = overlaySettings(base, changed);
    const different = without(changed, (key) => models.isKnown() && values[key] === base[key]);
    if (chosen?.set.mode !== values.mode) chosen = null;
    const recipe = chosen ?? closestRecipe(values, base);
    const byRecipe = recipeSettings(recipe, base);
    store.setState({ ...rest, base, values, changed: different, recipe: recipe.id, byRecipe });
    models.store(different);
  }

  /** Applies the user's changes. */
  function change(part: SettingsPart, rest: Partial<SettingsState>) {
    const { base, changed } = store.getState();
    models.note(part);
    rebase(base, { ...changed, ...part }, rest);
  }

  /** Applies settings that were not typed, and drops drafts and problems of their fields. */
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
    models.noteReset(kept);
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
      // Without a draft, a refused value stays: its suggestions would vanish when the user reaches for them.
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
      // With a new mode, or all settings of a project, the chosen recipe no longer applies: the closest one does.
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
    chooseRecipe(id, others = {}) {
      const recipe = recipeOf(id);
      recorder.record(`Recipe ${recipe.label}`, null, () => {
        take({ ...recipePart(recipe, store.getState().base), ...others }, recipe);
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
      if (models.isOpening(url)) return;
      settings.closeModel();
      const { base, changed, multiple } = store.getState();
      const stored = models.open(url, { base, changed, multiple });
      opened = url;
      if (!stored) return;
      const defaults = expected.of(url);
      rebase(
        overlaySettings(defaultSettings, defaults ?? {}),
        { ...stored, ...changed },
        { waiting: defaults === null },
      );
    },
    closeModel() {
      const before = models.close();
      if (before) rebase(before.base, before.changed, { multiple: before.multiple, waiting: false });
    },
    applyModel(defaults, latentScale) {
      const { base: before, changed, drafts, problems } = store.getState();
      models.apply();
      expected.remember(opened, defaults);
      const base = overlaySettings(defaultSettings, defaults);
      rebase(base, chosen ? rebasedRecipe(chosen, changed, before, base) : changed, {
        waiting: false,
        multiple: leastCommonMultiple(8, latentScale),
        // Without a draft, a problem refers to the previous value, which the new defaults may have replaced.
        problems: without(problems, (key) => drafts[key] === undefined),
      });
    },
  };
  return settings;
}

/** Finds the number field of a key. */
export function fieldOf(key: FieldKey): SettingField {
  const field = settingFields.find((candidate) => candidate.key === key);
  if (!field) throw new Error(`There is no field ${key}.`);
  return field;
}

/** Label of a change of settings in the undo history. */
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

function leastCommonMultiple(a: number, b: number): number {
  const divisor = (x: number, y: number): number => (y === 0 ? x : divisor(y, x % y));
  return b < 1 ? a : (a * b) / divisor(a, b);
}
