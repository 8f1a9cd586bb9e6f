import { describe, expect, it } from 'vitest';
import {
  AttributeReader,
  attributes,
  meaningOf,
  meanDirection,
  trueValue,
  wordingsOf,
} from '../../../../tools/builtin-model/measure/attribute-reader.ts';
import { dot } from '../../../../tools/builtin-model/measure/statistics.ts';
import { sceneLabels } from './support.ts';

describe('wordingsOf', () => {
  it.each([...attributes])(
    'every value of %s has wordings, and shares none with another value',
    (attribute) => {
      const values = wordingsOf(attribute);
      const all = values.flatMap(({ wordings }) => wordings);
      expect(new Set(all).size).toBe(all.length);
      for (const { value, wordings } of values) expect(wordings, value).not.toEqual([]);
    },
  );

  it('leaves out words that name several values', () => {
    const moons = wordingsOf('sky').filter(({ value }) => value.endsWith('moon'));
    expect(moons).toHaveLength(3);
    expect(moons.flatMap(({ wordings }) => wordings)).not.toContain('moon');
  });

  it('meaningOf() returns the attribute and value of a word', () => {
    expect(meaningOf('snow')).toEqual({ attribute: 'weather', value: 'snow' });
    expect(meaningOf('evening glow')).toEqual({ attribute: 'time', value: 'sunset' });
    expect(meaningOf('kitchen')).toBeNull();
  });
});

describe('trueValue', () => {
  const labels = sceneLabels(0);

  it('is null where an attribute says nothing about a scene', () => {
    expect(trueValue({ ...labels, family: 'underwater', weather: 'clear' }, 'weather')).toBeNull();
    expect(trueValue({ ...labels, season: 'none' }, 'season')).toBeNull();
    expect(trueValue({ ...labels, sky: 'plain' }, 'sky')).toBeNull();
    expect(trueValue({ ...labels, things: [] }, 'thing')).toBeNull();
    expect(trueValue({ ...labels, things: ['birds', 'tent'] }, 'thing')).toBeNull();
  });

  it('is the label otherwise', () => {
    const scene = { ...labels, family: 'lake', weather: 'fog', season: 'autumn', sky: 'stars' } as const;
    expect(attributes.map((attribute) => trueValue({ ...scene, things: ['castle'] }, attribute))).toEqual([
      'lake',
      labels.time,
      'fog',
      'autumn',
      'stars',
      labels.palette,
      labels.style,
      'castle',
    ]);
  });
});

describe('AttributeReader', () => {
  /** Each text has its own axis, so that a picture can be placed near any of them. */
  const texts = [
    ...new Set(attributes.flatMap((name) => wordingsOf(name).flatMap(({ wordings }) => wordings))),
  ];
  const axis = (text: string) => Float32Array.from(texts, (other) => (other === text ? 1 : 0));
  const open = () => AttributeReader.open((words) => Promise.resolve(words.map(axis)));

  it('finds the value with the nearest wordings, independently for each attribute', async () => {
    const reader = await open();
    const picture = meanDirection(['sea', 'open sea', 'at dusk', 'foggy'].map(axis));
    expect(reader.read(picture, 'family')).toBe('sea');
    expect(reader.read(picture, 'time')).toBe('dusk');
    expect(reader.read(picture, 'weather')).toBe('fog');
  });

  it('uses the mean of all wordings of a value, not the nearest single one', async () => {
    const reader = await open();
    const { wordings = [] } = wordingsOf('time').find(({ value }) => value === 'night') ?? {};
    const picture = Float32Array.from(texts, (text) =>
      text === 'dawn' ? 1.2 : wordings.includes(text) ? 1 : 0,
    );
    expect(reader.read(picture, 'time')).toBe('night');
  });
});

describe('meanDirection', () => {
  it('has unit length and the same cosine to both vectors', () => {
    const [a, b] = [Float32Array.of(1, 0), Float32Array.of(0, 1)];
    const mean = meanDirection([a, b]);
    expect(dot(mean, mean)).toBeCloseTo(1, 6);
    expect(dot(mean, a)).toBeCloseTo(dot(mean, b), 6);
  });
});
