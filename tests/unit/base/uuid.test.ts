import { expect, it } from 'vitest';
import { randomUuid } from '../../../src/base/index.ts';

it('randomUuid gives distinct version 4 UUIDs', () => {
  const ids = Array.from({ length: 100 }, randomUuid);
  const version4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
  expect(ids.filter((id) => !version4.test(id))).toEqual([]);
  expect(new Set(ids).size).toBe(100);
});
