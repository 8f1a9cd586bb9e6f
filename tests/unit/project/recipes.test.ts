import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  closestRecipe,
  defaultSettings,
  recipePart,
  recipeSettings,
  recipes,
  settingFields,
} from '../../../src/project/index.ts';
import type { Settings } from '../../../src/project/index.ts';

/** Defaults of a model. */
const bases = fc.record({
  frames: fc.integer({ min: 1, max: 10_000 }),
  repeats: fc.integer({ min: 0, max: 1_000 }),
  guidanceScale: fc.double({ min: 0, max: 50, noNaN: true }),
  positiveScale: fc.double({ min: 0, max: 10_000, noNaN: true }),
});

const recipe = (label: string) => {
  const found = recipes.find((candidate) => candidate.label === label);
  if (!found) throw new Error(label);
  return found;
};

describe('recipes', () => {
  it('give settings that the fields accept, whatever the defaults of the model', () => {
    fc.assert(
      fc.property(fc.constantFrom(...recipes), bases, (recipe, defaults) => {
        const base: Settings = { ...defaultSettings, ...defaults };
        // `overlaySettings` throws for values that a field would reject.
        const settings = recipeSettings(recipe, base);
        for (const { key, minimum, maximum } of settingFields) {
          expect(settings[key]).toBeGreaterThanOrEqual(minimum);
          expect(settings[key]).toBeLessThanOrEqual(maximum);
        }
      }),
    );
  });

  it('scale with the defaults of the loaded model', () => {
    const wild = (repeats: number, guidanceScale: number) =>
      recipeSettings(recipe('Wild'), { ...defaultSettings, repeats, guidanceScale });
    expect(wild(10, 3)).toMatchObject({ mode: 'automatic', repeats: 20, guidanceScale: 2 });
    expect(wild(4, 10)).toMatchObject({ mode: 'automatic', repeats: 8, guidanceScale: 7 });
  });

  it('make at most 64 frames in smooth mode, where a variant is many frames', () => {
    for (const label of ['Gentle', 'Endless loop']) {
      const { frames, intermediate } = recipeSettings(recipe(label), { ...defaultSettings, frames: 24 });
      expect(frames * intermediate).toBeLessThanOrEqual(64);
    }
  });

  it('do not change personal settings such as seed, prompts and size', () => {
    for (const each of recipes) {
      const part = recipePart(each, defaultSettings);
      for (const own of ['seed', 'steps', 'positivePrompts', 'negativePrompts', 'width', 'height']) {
        expect(part).not.toHaveProperty(own);
      }
    }
  });

  it('are recognised by the settings that they give', () => {
    for (const each of recipes) {
      expect(closestRecipe(recipeSettings(each, defaultSettings), defaultSettings)).toBe(each);
    }
    expect(closestRecipe(defaultSettings, defaultSettings).label, 'the recipe of the default settings').toBe(
      'Dream',
    );
  });

  it('are distinguished in smooth mode by whether the loop closes', () => {
    const smooth: Settings = { ...defaultSettings, mode: 'smooth' };
    expect(closestRecipe(smooth, defaultSettings).label).toBe('Gentle');
    expect(closestRecipe({ ...smooth, closeLoop: true, easing: 'in-out' }, defaultSettings).label).toBe(
      'Endless loop',
    );
  });
});
