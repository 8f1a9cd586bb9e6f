import { describe, expect, it } from 'vitest';
import { ModelError } from '../../../src/base/index.ts';
import { readHub, readOrigin, readRequestedModel, withOrigin } from '../../../src/store/page-url.ts';

const page = 'https://drift.example/app/index.html';

describe('page address', () => {
  it.each([
    ['', 'https://drift.example/app/models/builtin/model.json', 'auto'],
    ['?model=models/mine/model.json', 'https://drift.example/app/models/mine/model.json', 'auto'],
    ['?model=https%3A%2F%2Fhub.example%2Fm.json&backend=cpu', 'https://hub.example/m.json', 'cpu'],
    ['?backend=abacus', 'https://drift.example/app/models/builtin/model.json', 'auto'],
    ['?gpu=off', 'https://drift.example/app/models/builtin/model.json', 'cpu'],
    ['?gpu=float32', 'https://drift.example/app/models/builtin/model.json', 'float32'],
    ['?gpu=software&backend=cpu', 'https://drift.example/app/models/builtin/model.json', 'software'],
    ['?gpu=toString', 'https://drift.example/app/models/builtin/model.json', 'auto'],
  ])('reads the model and the backend from %j', (search, url, backend) => {
    expect(readRequestedModel(`${page}${search}`)).toEqual({ model: { kind: 'url', url }, backend });
  });

  it.each(['javascript:alert(1)', 'data:application/json,{}', 'file:///etc/passwd', 'https://'])(
    'rejects %s, with the address in the message',
    (address) => {
      const asked = `${page}?model=${encodeURIComponent(address)}`;
      const read = () => readRequestedModel(asked);
      expect(read).toThrow(ModelError);
      expect(read).toThrow(address);
    },
  );

  it('overrides the chosen model', () => {
    expect(readRequestedModel(page, 'mine').model).toEqual({ kind: 'installed', id: 'mine' });
    expect(readRequestedModel(`${page}?model=m.json`, 'mine').model).toMatchObject({ kind: 'url' });
  });

  it.each([
    ['', null],
    ['?installed=full', { kind: 'full' }],
    ['?installed=owner%2Fname', { kind: 'hub', repository: 'owner/name' }],
    ['?installed=https%3A%2F%2Fhuggingface.co%2Fowner%2Fname', { kind: 'hub', repository: 'owner/name' }],
    ['?installed=huggingface.co/owner/name', { kind: 'hub', repository: 'owner/name' }],
    ['?installed=hf.co/owner/name/', { kind: 'hub', repository: 'owner/name' }],
    ['?installed=https://huggingface.co/owner/name/tree/main', { kind: 'hub', repository: 'owner/name' }],
    ['?installed=huggingface.co/owner/name/tree/main/unet%3Fa=b', { kind: 'hub', repository: 'owner/name' }],
    [
      '?installed=https://huggingface.co/owner/name/resolve/main/model.json',
      { kind: 'manifest', url: 'https://huggingface.co/owner/name/resolve/main/model.json' },
    ],
    ['?installed=HTTPS%3A%2F%2FHub.example', { kind: 'manifest', url: 'https://hub.example/' }],
    ['?installed=owner%2Fname&model=m.json', null],
  ])('reads the installed model from %j', (search, origin) => {
    expect(readOrigin(`${page}${search}`)).toEqual(origin);
  });

  it.each(['', 'full.json', 'javascript:alert(1)', 'a/b/c', 'https://'])('rejects ?installed=%s', (name) => {
    const read = () => readOrigin(`${page}?installed=${encodeURIComponent(name)}`);
    expect(read).toThrow(expect.objectContaining({ code: 'model-address' }));
  });

  it.each([
    { kind: 'full' },
    { kind: 'hub', repository: 'owner/na.me' },
    { kind: 'manifest', url: 'https://a.example/m?x=1&y=2' },
  ] as const)('withOrigin() replaces the model by $kind, and removes it with null', (origin) => {
    const named = withOrigin(`${page}?model=m.json&installed=c%2Fd&backend=cpu#top`, origin);
    expect(readOrigin(named)).toEqual(origin);
    expect(withOrigin(named, null)).toBe(`${page}?backend=cpu#top`);
  });

  it.each([
    ['', null],
    ['?hub=http://127.0.0.1:8080', 'http://127.0.0.1:8080/'],
    ['?hub=https%3A%2F%2Fmirror.example%2Fmodels', 'https://mirror.example/models/'],
    ['?hub=javascript:alert(1)', null],
    ['?hub=somewhere', null],
  ])('reads the model hub from %j', (search, hub) => {
    expect(readHub(`${page}${search}`)).toBe(hub);
  });
});
