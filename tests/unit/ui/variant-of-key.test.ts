import { expect, it } from 'vitest';
import { variantOfKey } from '../../../src/ui/pick/variantOfKey.ts';

it('variantOfKey maps number keys to variants, except in fields', () => {
  expect(['1', '2', '9'].map((key) => variantOfKey(key, 'button'))).toEqual([0, 1, 8]);
  expect(['0', 'a', '10', 'F1', ' '].map((key) => variantOfKey(key, 'body'))).toEqual([
    null,
    null,
    null,
    null,
    null,
  ]);
  expect(['input', 'textarea', 'select'].map((tag) => variantOfKey('1', tag))).toEqual([null, null, null]);
});
