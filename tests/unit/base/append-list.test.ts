import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppendList, LruCache } from '../../../src/base/index.ts';

describe('AppendList', () => {
  it('behaves like copied arrays, whichever version is appended to', () => {
    fc.assert(
      fc.property(fc.array(fc.nat()), (choices) => {
        const none: readonly number[] = [];
        const versions = [{ list: new AppendList<number>(), array: none }];
        choices.forEach((choice, item) => {
          const { list, array } = versions[choice % versions.length] ?? { list: new AppendList(), array: [] };
          versions.push({ list: list.append(item), array: [...array, item] });
        });
        for (const { list, array } of versions) {
          expect([...list]).toEqual(array);
          expect(list.length).toBe(array.length);
          for (const at of [-2, -1, 0, 1, array.length]) expect(list.at(at)).toBe(array.at(at));
          for (const [a, b] of [[0], [1, 3], [-2], [1, -1]]) {
            expect(list.slice(a, b)).toEqual(array.slice(a, b));
          }
        }
      }),
    );
  });

  it('recognises an earlier version of itself', () => {
    const one = new AppendList([1]);
    const two = one.append(2);
    expect([two.extends(one), one.extends(two)]).toEqual([true, false]);
    expect(one.append(3).extends(two)).toBe(false);
  });
});

describe('LruCache', () => {
  it('evicts the least recently used entries above its weight limit, but never the newest', () => {
    const dropped: string[] = [];
    const cache = new LruCache<string, string>(10, (value) => dropped.push(value));
    cache.set('a', 'A', 4);
    cache.set('b', 'B', 4);
    cache.get('a');
    cache.set('c', 'C', 4);
    expect([dropped, cache.weight]).toEqual([['B'], 8]);
    cache.set('d', 'D', 99);
    expect(dropped).toEqual(['B', 'A', 'C']);
    expect([cache.take('d'), cache.get('d'), cache.weight]).toEqual(['D', undefined, 0]);
    expect(dropped).toEqual(['B', 'A', 'C']);
  });
});
