import fc from 'fast-check';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { SettingsError } from '../../../src/base/index.ts';
import {
  settingsSchema,
  checkField,
  defaultSettings,
  easingField,
  overlaySettings,
  parseSettings,
  promptList,
  readStoredSettings,
  settingFields,
} from '../../../src/project/index.ts';
import type { SettingField } from '../../../src/project/index.ts';

const fields = fc.constantFrom(...settingFields);

function field(key: SettingField['key']): SettingField {
  const found = settingFields.find((candidate) => candidate.key === key);
  if (!found) throw new Error(key);
  return found;
}

describe('number fields', () => {
  it('accept exactly the numbers that the settings accept', () => {
    const numbers = fc.oneof(
      fc.integer({ min: -10, max: 3000 }),
      fc.double({ min: -5, max: 12_000, noNaN: true }),
    );
    fc.assert(
      fc.property(fields, numbers, (field, number) => {
        const settings = { ...defaultSettings, [field.key]: number };
        expect(checkField(field, String(number)).ok).toBe(v.is(settingsSchema, settings));
      }),
    );
  });

  it('suggest only numbers that they accept', () => {
    const texts = fc.oneof(
      fc.string(),
      fc.double().map(String),
      fc.integer({ min: 0, max: 3000 }).map(String),
    );
    fc.assert(
      fc.property(fields, texts, fc.constantFrom(8, 16, 24), (field, text, multiple) => {
        const result = checkField(field, text, multiple);
        if (result.ok) return;
        expect(result.problem.message).toContain(field.label);
        for (const suggestion of result.problem.suggestions) {
          if (field.minimum % multiple !== 0 && suggestion === field.minimum) continue;
          if (field.maximum % multiple !== 0 && suggestion === field.maximum) continue;
          expect(checkField(field, String(suggestion), multiple).ok).toBe(true);
        }
      }),
    );
  });

  it('reject a width of 500 and suggest the nearest multiples', () => {
    expect(checkField(field('width'), '500')).toEqual({
      ok: false,
      problem: { message: 'Width must be a multiple of 8.', suggestions: [496, 504] },
    });
  });

  it.each([
    ['frames', '0', 'Frames goes from 1 to 10,000.', [1]],
    ['frames', '2.5', 'Frames must be a whole number.', [2, 3]],
    ['frames', '', 'Frames must be a number.', []],
    ['seed', 'abc', 'Seed must be a number.', []],
    ['height', '4000', 'Height goes from 64 to 2,048.', [2048]],
    ['guidanceScale', '-1', 'Guidance scale goes from 0 to 50.', [0]],
  ] as const)('%s = %j: %s', (key, text, message, suggestions) => {
    expect(checkField(field(key), text)).toEqual({ ok: false, problem: { message, suggestions } });
  });

  it('accept a decimal comma', () => {
    expect(checkField(field('guidanceScale'), ' 3,5 ')).toEqual({ ok: true, value: 3.5 });
  });
});

describe('settings', () => {
  const valid = fc.record({
    mode: fc.constantFrom('automatic', 'smooth'),
    frames: fc.integer({ min: 1, max: 10_000 }),
    steps: fc.integer({ min: 1, max: 200 }),
    guidanceScale: fc.double({ min: 0, max: 50, noNaN: true }),
    positiveScale: fc.double({ min: 0, max: 10_000, noNaN: true }),
    negativeScale: fc.double({ min: 0, max: 10_000, noNaN: true }),
    repeats: fc.integer({ min: 0, max: 1000 }),
    seed: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    width: fc.integer({ min: 8, max: 256 }).map((eighth) => 8 * eighth),
    height: fc.integer({ min: 8, max: 256 }).map((eighth) => 8 * eighth),
    frameRate: fc.double({ min: 1, max: 60, noNaN: true }),
    smoothFrameRate: fc.double({ min: 1, max: 60, noNaN: true }),
    intermediate: fc.integer({ min: 1, max: 240 }),
    batchSize: fc.integer({ min: 1, max: 16 }),
    noiseShift: fc.double({ min: 0, max: 1, noNaN: true }),
    speed: fc.constantFrom('exact', 'fast', 'fastest'),
    easing: fc.constantFrom(...easingField.options.map(({ value }) => value)),
    closeLoop: fc.boolean(),
    positivePrompts: fc.string(),
    negativePrompts: fc.string(),
  });

  it('in range are accepted unchanged, and round-trip through storage', () => {
    fc.assert(
      fc.property(valid, (settings) => {
        expect(parseSettings(settings)).toEqual(settings);
        const stored = readStoredSettings(JSON.stringify(settings));
        // JSON has no negative zero.
        expect(JSON.stringify(overlaySettings(defaultSettings, stored))).toBe(
          JSON.stringify({ ...defaultSettings, ...settings }),
        );
      }),
    );
  });

  it('out of range are rejected by name', () => {
    fc.assert(
      fc.property(fields, fc.integer({ min: 1, max: 1e6 }), fc.boolean(), (field, by, above) => {
        const value = above ? field.maximum + by : field.minimum - by;
        const parse = () => parseSettings({ ...defaultSettings, [field.key]: value });
        expect(parse).toThrow(SettingsError);
        expect(parse).toThrow(`${field.label} cannot be ${value}.`);
      }),
    );
  });

  it('split prompts at bars, trimmed and without empty ones', () => {
    fc.assert(
      fc.property(fc.array(fc.string().map((text) => text.replaceAll('|', ''))), (prompts) => {
        const kept = prompts.map((prompt) => prompt.trim()).filter((prompt) => prompt !== '');
        expect(promptList(prompts.join(' | '))).toEqual(kept);
      }),
    );
  });
});
