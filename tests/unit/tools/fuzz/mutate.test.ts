import { expect, it } from 'vitest';
import { mutatedJson } from '../../../../tools/fuzz/mutate.ts';
import { seeded } from '../../../../tools/fuzz/random.ts';

it('corrupts JSON in the same way for a seed, whatever was corrupted before', () => {
  const text = JSON.stringify({ a: [1, { b: 2 }], c: 'd', e: { f: {}, g: [[]] } });
  const corrupted = () => Array.from({ length: 3000 }, (_, seed) => mutatedJson(text, seeded(seed)));
  const first = corrupted();
  expect(corrupted()).toEqual(first);
  expect(new Set(first).size).toBeGreaterThan(1000);
  for (const each of first) expect(() => void JSON.parse(each)).not.toThrow();
});
