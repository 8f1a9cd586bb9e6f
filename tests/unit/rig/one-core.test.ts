import { expect, it } from 'vitest';
import { parseCores } from '../../rig/one-core.ts';

it('reads Linux’s lists of cores', () => {
  expect(parseCores('0-1')).toEqual([0, 1]);
  expect(parseCores('3')).toEqual([3]);
  expect(parseCores('0-2,5,7-8')).toEqual([0, 1, 2, 5, 7, 8]);
  expect(parseCores('')).toEqual([]);
});
