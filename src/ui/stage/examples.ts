import type { RecipeId, SettingsPart } from '../../project/index.ts';

/** Start picture that is served with the page. */
export interface Example {
  readonly name: string;
  /** Name of the picture's file. */
  readonly file: string;
  /** Description of the picture for screen readers. */
  readonly description: string;
}

/** Animation that was made with the built-in model, with everything that is needed to make it again. */
export interface AnimatedExample extends Example {
  /** Name of the file of the animation, an animated WebP. */
  readonly animation: string;
  readonly recipe: RecipeId;
  /** Settings besides those of the recipe. */
  readonly settings: SettingsPart;
}

export const animatedExamples: readonly AnimatedExample[] = [
  {
    name: 'Dream',
    file: 'mountains.webp',
    animation: 'dream.webp',
    description: 'orange mountains at sunset become other landscapes, one after the other',
    recipe: 'dream',
    settings: { seed: 1 },
  },
  {
    name: 'Endless loop',
    file: 'island.webp',
    animation: 'loop.webp',
    description: 'an island in the sea changes without a seam and comes back',
    recipe: 'loop',
    settings: { seed: 1 },
  },
  {
    name: 'Photograph',
    file: 'autumn.webp',
    animation: 'photograph.webp',
    description: 'a photograph of a meadow below autumn woods becomes a drawn world',
    recipe: 'dream',
    settings: { seed: 1 },
  },
];

export const pictureExamples: readonly Example[] = [
  { name: 'Canyon', file: 'canyon.webp', description: 'a balloon over a red canyon' },
  { name: 'Night', file: 'night.webp', description: 'a lighthouse by the sea under the moon' },
  { name: 'Sunset', file: 'sunset.webp', description: 'a photograph of the sun behind dark hills' },
  { name: 'Peaks', file: 'peaks.webp', description: 'a photograph of a path below rocky peaks' },
];

/** URL of a file of the examples. */
export function exampleUrl(file: string): string {
  return `${import.meta.env.BASE_URL}examples/${file}`;
}
