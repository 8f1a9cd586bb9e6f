import fc from 'fast-check';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { settingsFromHash, settingsSchema, settingsToHash } from '../../../src/project/index.ts';
import type { SettingsPart } from '../../../src/project/index.ts';

const parts = fc.record(
  {
    mode: fc.constantFrom('automatic', 'smooth'),
    frames: fc.integer({ min: 1, max: 10_000 }),
    noiseShift: fc.double({ min: 0, max: 1, noNaN: true }).map((value) => value + 0),
    closeLoop: fc.boolean(),
    easing: fc.constantFrom('linear', 'in-out'),
    // Any text, including text that looks like another setting, a number or a boolean.
    positivePrompts: fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.constantFrom('true', '7', '&steps=3', '%41#'),
    ),
  },
  { requiredKeys: [] },
);

describe('settings in a URL', () => {
  it('round-trip', () => {
    fc.assert(
      fc.property(parts, (part: SettingsPart) => {
        const address = new URL('https://drift.example/');
        address.hash = settingsToHash(part);
        expect(settingsFromHash(address.hash)).toEqual({ settings: part, refused: [] });
      }),
    );
  });

  it('are always valid, whatever the hash', () => {
    const keys = fc.oneof(fc.string(), fc.constantFrom(...v.keyof(settingsSchema).options, '__proto__'));
    fc.assert(
      fc.property(fc.array(fc.tuple(keys, fc.string())), (entries) => {
        const read = settingsFromHash(`#settings:${new URLSearchParams(entries).toString()}`);
        expect(v.is(v.partial(settingsSchema), read?.settings)).toBe(true);
      }),
    );
  });

  it('keep the valid ones and name the others', () => {
    expect(settingsFromHash('#settings:steps=5&width=500&seed=&mode=fast&x=1&closeLoop=true')).toEqual({
      settings: { steps: 5, closeLoop: true },
      refused: ['width', 'seed', 'mode', 'x'],
    });
  });

  it('are null for other hashes', () => {
    expect([settingsFromHash(''), settingsFromHash('#frames=3')]).toEqual([null, null]);
  });
});
