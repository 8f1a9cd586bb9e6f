import { settingFields } from './settings.ts';
import type { Settings, SettingField } from './settings.ts';
import { overlaySettings } from './settings-part.ts';
import type { SettingsPart } from './settings-part.ts';

export type RecipeId = 'gentle' | 'dream' | 'wild' | 'loop' | 'hand';

/** A named preset of settings: fixed values, and factors on the loaded model's defaults. */
export interface Recipe {
  readonly id: RecipeId;
  readonly label: string;
  /** The resulting animation, in one line. */
  readonly help: string;
  /** Fixed values, which do not depend on the model. */
  readonly set: SettingsPart & Pick<Settings, 'mode'>;
  /** Factors on the model's defaults: models differ too much for fixed values. */
  readonly scale?: Readonly<Partial<Record<SettingField['key'], number>>>;
}

/** All recipes, in the order of the page. */
export const recipes: readonly Recipe[] = [
  {
    id: 'gentle',
    label: 'Gentle',
    help: 'Slow and soft: each picture melts into the next.',
    set: { mode: 'smooth', intermediate: 8, noiseShift: 0.25, easing: 'adaptive', closeLoop: false },
    scale: { frames: 0.25 },
  },
  {
    id: 'dream',
    label: 'Dream',
    help: 'Each frame is made from the frame before, and the picture drifts away.',
    set: { mode: 'automatic' },
  },
  {
    id: 'wild',
    label: 'Wild',
    help: 'Prompts pull hard and little holds a frame to the one before: full of surprises.',
    set: { mode: 'automatic' },
    scale: { repeats: 2, positiveScale: 1.5, guidanceScale: 0.7 },
  },
  {
    id: 'loop',
    label: 'Endless loop',
    help: 'Smooth, with a way back to the first frame: it repeats without a seam.',
    set: { mode: 'smooth', intermediate: 8, noiseShift: 0.4, easing: 'adaptive', closeLoop: true },
    scale: { frames: 0.15 },
  },
  {
    id: 'hand',
    label: 'By hand',
    help: 'You choose each new frame from a few variants.',
    set: { mode: 'pick', batchSize: 4 },
  },
];

/** Settings that choosing a recipe changes. The user's values of the others are kept: prompts, seed, size, steps, frame rates. */
const recipeKeys = [
  'mode',
  'frames',
  'repeats',
  'guidanceScale',
  'positiveScale',
  'negativeScale',
  'intermediate',
  'batchSize',
  'noiseShift',
  'easing',
  'closeLoop',
] as const satisfies readonly (keyof Settings)[];

/**
 * Applies a recipe to a model's defaults. The result is what fields are compared with and reset to.
 *
 * @param base the program's defaults overlaid with the model's
 */
export function recipeSettings({ set, scale = {} }: Recipe, base: Settings): Settings {
  const scaled = settingFields.flatMap((field) => {
    const factor = scale[field.key];
    return factor === undefined ? [] : [[field.key, snapped(field, base[field.key] * factor)] as const];
  });
  return overlaySettings(base, { ...Object.fromEntries(scaled), ...set });
}

/** The settings that change when a recipe is chosen. */
export function recipePart(recipe: Recipe, base: Settings): SettingsPart {
  const settings = recipeSettings(recipe, base);
  return Object.fromEntries(recipeKeys.map((key) => [key, settings[key]]));
}

/**
 * Moves a recipe's values from one model's defaults to another's, for a recipe that was chosen while a model was still
 * loading. Settings whose values are not the recipe's stay unchanged.
 *
 * @param changed settings that differ from the defaults
 * @param before defaults that the recipe was applied to
 * @param after defaults of the new model
 */
export function rebasedRecipe(
  recipe: Recipe,
  changed: SettingsPart,
  before: Settings,
  after: Settings,
): SettingsPart {
  const [old, fresh] = [recipePart(recipe, before), recipePart(recipe, after)];
  const followed = recipeKeys.filter((key) => changed[key] !== undefined && changed[key] === old[key]);
  return { ...changed, ...Object.fromEntries(followed.map((key) => [key, fresh[key]])) };
}

/** Weight of a difference in `closeLoop`: it outweighs all others together, since it distinguishes two recipes. */
const closingWeight = recipeKeys.length;

/** Finds a recipe by its id. */
export function recipeOf(id: RecipeId): Recipe {
  const recipe = recipes.find((candidate) => candidate.id === id);
  if (!recipe) throw new RangeError(`there is no recipe ${id}`);
  return recipe;
}

/** Finds the recipe that settings are closest to: among those of their mode, the one with the fewest differences. */
export function closestRecipe(values: Settings, base: Settings): Recipe {
  const differences = (recipe: Recipe) => {
    const settings = recipeSettings(recipe, base);
    const different = recipeKeys.filter((key) => settings[key] !== values[key]);
    return different.length + (different.includes('closeLoop') ? closingWeight : 0);
  };
  const ofMode = recipes.filter(({ set }) => set.mode === values.mode);
  const [closest] = ofMode.toSorted((a, b) => differences(a) - differences(b));
  if (!closest) throw new RangeError(`no recipe is for the mode ${values.mode}`);
  return closest;
}

/** Rounds a value to a multiple of the field's step and clamps it to the field's range. */
function snapped({ minimum, maximum, step }: SettingField, value: number): number {
  const stepped = Math.round(value / step) * step;
  return Math.min(maximum, Math.max(minimum, Number(stepped.toFixed(4))));
}
