import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  defaultSettings,
  documentFromText,
  documentToText,
  overlaySettings,
  readStoredSettings,
  settingsFromHash,
  settingsToHash,
  speedWords,
  stepsComputed,
} from '../../../src/project/index.ts';
import type { ProjectDocument } from '../../../src/project/index.ts';

describe('stepsComputed', () => {
  it('is all steps at Exact, six tenths at Fast and four tenths at Fastest', () => {
    const at = (steps: number) =>
      (['exact', 'fast', 'fastest'] as const).map((speed) => stepsComputed({ speed, steps }));
    expect(at(20)).toEqual([20, 12, 8]);
    expect(at(10)).toEqual([10, 6, 4]);
    expect(at(7)).toEqual([7, 4, 2]);
    expect(at(1)).toEqual([1, 1, 1]);
  });

  it('saves at least the promised share where there are steps to skip, and leaves at least one', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), (steps) => {
        const saved = (speed: 'fast' | 'fastest') => 1 - stepsComputed({ speed, steps }) / steps;
        expect(stepsComputed({ speed: 'fastest', steps })).toBeGreaterThanOrEqual(1);
        if (steps < 2) return;
        expect(saved('fast')).toBeGreaterThanOrEqual(0.4);
        expect(saved('fastest')).toBeGreaterThanOrEqual(steps < 3 ? 0.5 : 0.6);
      }),
    );
  });

  it('is described in one line together with the saving', () => {
    expect(speedWords('exact', 20)).toContain('all 20 steps');
    expect(speedWords('fast', 20)).toContain('12 of 20 steps: saves 40 %');
    expect(speedWords('fastest', 10)).toContain('4 of 10 steps: saves 60 %');
    expect(speedWords('fastest', 1)).toContain('nothing to leave out');
  });

  it('is told in seconds a frame once one was made', () => {
    expect(speedWords('exact', 20)).not.toContain('a frame');
    expect(speedWords('exact', 20, { seconds: 2.1, steps: 20 })).toMatch(
      /About 2\.1 s a frame on this device\.$/,
    );
    expect(speedWords('fast', 20, { seconds: 2.1, steps: 20 })).toContain('About 1.3 s a frame');
    expect(speedWords('exact', 20, { seconds: 9, steps: 8 })).toContain('About 21 s a frame');
  });
});

describe('settings from before speeds existed are Exact', () => {
  const { speed, ...older } = defaultSettings;
  expect(speed).toBe('exact');

  it('in a project', () => {
    const document = {
      name: 'Older',
      created: '2026-01-02T03:04:05.000Z',
      start: { name: 'a.png', width: 64, height: 64, fit: 'crop' },
      leaf: 0,
      frames: [],
    } satisfies Omit<ProjectDocument, 'settings'>;
    const text = documentToText({ ...document, settings: defaultSettings });
    const withoutSpeed = text.replace(/\s*"speed": "exact",/, '');
    expect(withoutSpeed).not.toContain('speed');
    expect(documentFromText(withoutSpeed).settings).toEqual(defaultSettings);
    const fast = documentToText({ ...document, settings: { ...defaultSettings, speed: 'fast' } });
    expect(documentFromText(fast).settings.speed).toBe('fast');
  });

  it('on the page, in a link and in a manifest', () => {
    const stored = readStoredSettings(JSON.stringify(older));
    expect(overlaySettings(defaultSettings, stored)).toEqual(defaultSettings);
    const link = settingsFromHash(settingsToHash(older));
    expect(link?.refused).toEqual([]);
    expect(overlaySettings(defaultSettings, link?.settings ?? {})).toEqual(defaultSettings);
    expect(settingsFromHash('#settings:speed=fastest&steps=9')?.settings).toEqual({
      speed: 'fastest',
      steps: 9,
    });
    expect(settingsFromHash('#settings:speed=warp')?.refused).toEqual(['speed']);
  });
});
