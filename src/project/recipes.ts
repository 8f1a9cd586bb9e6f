import { settingFields } from './settings.ts';
import type { Settings, SettingField } from './settings.ts';
import { overlaySettings } from './stored.ts';
import type { SettingsPart } from './stored.ts';

export type RecipeId = 'gentle' | 'dream' | 'wild' | 'loop' | 'hand';

/** A named set of settings to begin with. Pure data: what it sets, and what it scales of the loaded model's defaults. */
export interface Recipe {
  readonly id: RecipeId;
  readonly label: string;
  /** What comes of it, in one line. */
  readonly help: string;
  /** Settings with values of their own, whatever the model's defaults are. */
  readonly set: SettingsPart & Pick<Settings, 'mode'>;
  /** Factors on the model's defaults: models differ too much for one strength to suit all. */
  readonly scale?: Readonly<Partial<Record<SettingField['key'], number>>>;
}

/** The recipes, in the order in which the page shows them. */
export const recipes: readonly Recipe[] = [
  {
    id: 'gentle',
    label: 'Gentle',
    help: 'Slow and soft: each picture melts into the next.',
    set: { mode: 'smooth', intermediate: 8, noiseShift: 0.25, easing: 'in-out', closeLoop: false },
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
    set: { mode: 'smooth', intermediate: 8, noiseShift: 0.4, easing: 'linear', closeLoop: true },
    scale: { frames: 0.15 },
  },
  {
    id: 'hand',
    label: 'By hand',
    help: 'You choose each new frame from a few variants.',
    set: { mode: 'pick', batchSize: 4 },
  },
];

/** The settings that a recipe decides. The others are the person's: prompts, seed, size, steps, frame rates. */
const decided = [
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
 * The settings of a recipe over a model's defaults: what the fields are compared with and put back to.
 *
 * @param base - the program's defaults under the model's own
 */
export function recipeSettings({ set, scale = {} }: Recipe, base: Settings): Settings {
  const scaled = settingFields.flatMap((field) => {
    const factor = scale[field.key];
    return factor === undefined ? [] : [[field.key, snapped(field, base[field.key] * factor)] as const];
  });
  return overlaySettings(base, { ...Object.fromEntries(scaled), ...set });
}

/** What choosing a recipe sets. */
export function recipePart(recipe: Recipe, base: Settings): SettingsPart {
  const settings = recipeSettings(recipe, base);
  return Object.fromEntries(decided.map((key) => [key, settings[key]]));
}

/**
 * The values that were a recipe's over one model's defaults, as they are over another's: a recipe that was chosen while
 * a model was on its way means that model's.
 *
 * @param changed - what differs from the defaults
 */
export function rebasedRecipe(
  recipe: Recipe,
  changed: SettingsPart,
  before: Settings,
  after: Settings,
): SettingsPart {
  const [old, fresh] = [recipePart(recipe, before), recipePart(recipe, after)];
  const followed = decided.filter((key) => changed[key] !== undefined && changed[key] === old[key]);
  return { ...changed, ...Object.fromEntries(followed.map((key) => [key, fresh[key]])) };
}

/** Whether the loop closes tells two recipes apart, however many other settings were changed. */
const closingWeight = decided.length;

/** The recipe of an id. */
export function recipeOf(id: RecipeId): Recipe {
  const recipe = recipes.find((candidate) => candidate.id === id);
  if (!recipe) throw new RangeError(`there is no recipe ${id}`);
  return recipe;
}

/** The recipe that settings are closest to: of those in their mode, the one that least differs. */
export function closestRecipe(values: Settings, base: Settings): Recipe {
  const differences = (recipe: Recipe) => {
    const settings = recipeSettings(recipe, base);
    const different = decided.filter((key) => settings[key] !== values[key]);
    return different.length + (different.includes('closeLoop') ? closingWeight : 0);
  };
  const ofMode = recipes.filter(({ set }) => set.mode === values.mode);
  const [closest] = ofMode.toSorted((a, b) => differences(a) - differences(b));
  if (!closest) throw new RangeError(`no recipe is for the mode ${values.mode}`);
  return closest;
}

/** The nearest value that a field takes. */
function snapped({ minimum, maximum, step }: SettingField, value: number): number {
  const stepped = Math.round(value / step) * step;
  return Math.min(maximum, Math.max(minimum, Number(stepped.toFixed(4))));
}
