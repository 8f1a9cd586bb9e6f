import { describe, expect, it } from 'vitest';
import { ModelError } from '../../../src/base/index.ts';
import { readWish } from '../../../src/store/index.ts';

const page = 'https://drift.example/app/index.html';

describe('the address of the page', () => {
  it.each([
    ['', 'https://drift.example/app/models/builtin/model.json', 'auto'],
    ['?model=models/mine/model.json', 'https://drift.example/app/models/mine/model.json', 'auto'],
    ['?model=https%3A%2F%2Fhub.example%2Fm.json&backend=cpu', 'https://hub.example/m.json', 'cpu'],
    ['?backend=abacus', 'https://drift.example/app/models/builtin/model.json', 'auto'],
  ])('%j names a model', (search, url, backend) => {
    expect(readWish(search, page)).toEqual({ url, backend });
  });

  it.each(['javascript:alert(1)', 'data:application/json,{}', 'file:///etc/passwd', 'https://'])(
    '%s is refused, with the address in the message',
    (address) => {
      const search = `?model=${encodeURIComponent(address)}`;
      const read = () => readWish(search, page);
      expect(read).toThrow(ModelError);
      expect(read).toThrow(address);
    },
  );
});
