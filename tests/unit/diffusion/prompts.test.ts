import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isAbort } from '../../../src/base/index.ts';
import { encodePrompts } from '../../../src/diffusion/index.ts';
import { identityModel } from '../../../src/models/index.ts';
import { openTokenizer } from '../../../src/models/tokenizer.ts';
import type { NodeBackend } from '../../../tools/node-runtime.ts';
import { backendFor } from '../../support/backend.ts';
import { failure } from '../../support/failure.ts';
import { idsOf, promptEncoder, textTower, tokenizerConfig, tokenizerFile } from '../../support/text-tower.ts';

const width = 6;
let backend: NodeBackend;

beforeAll(async () => {
  backend = await backendFor('cpu');
});
afterAll(() => {
  backend.dispose();
});

describe('the tokenizer', () => {
  it('gives start, letters and end, padded to the longest prompt', async () => {
    const tokenize = await openTokenizer(tokenizerFile, tokenizerConfig, 77);
    const { dims, ids } = tokenize(['cat', 'Apple']);
    expect(dims).toEqual([2, 7]);
    expect([...ids].map(Number)).toEqual([
      ...idsOf('cat'),
      ...idsOf('').slice(1),
      ...idsOf('').slice(1),
      ...idsOf('apple'),
    ]);
  });

  it('truncates a prompt that is too long before its end token, and reports which', async () => {
    const tokenize = await openTokenizer(tokenizerFile, tokenizerConfig, 8);
    const { dims, ids, cut } = tokenize(['cat', 'abcdefghijklmnop', 'zyxwvutsrqponmlk', 'abcdef']);
    expect(dims).toEqual([4, 8]);
    const rows = Array.from({ length: 4 }, (_, row) => [...ids.subarray(8 * row, 8 * row + 8)].map(Number));
    const [start, end] = idsOf('');
    for (const row of rows) expect([row[0], row[7]]).toEqual([start, end]);
    expect(rows[1]).toEqual([start, ...idsOf('abcdefgh').slice(1, 7), end]);
    expect(rows[2]).not.toEqual(rows[1]);
    expect(rows[3]).toEqual(idsOf('abcdef'));
    expect(cut).toEqual([1, 2]);
  });

  it('rejects files that are not a tokenizer', async () => {
    expect(await failure(openTokenizer({ model: 'none' }, {}, 77))).toMatchObject({
      code: 'tokenizer-invalid',
    });
  });
});

describe('encodePrompts', () => {
  it('gives unit rows and releases the text tower', async () => {
    const { embeds } = await encodePrompts(
      ['cat', 'dog'],
      promptEncoder(width),
      backend.compute,
      backend.runtime,
    );
    const { row } = textTower(width);
    for (const [index, word] of ['cat', 'dog'].entries()) {
      const sum = Array.from({ length: width }, (_, i) =>
        idsOf(word).reduce((total, id) => total + (row(id)[i] ?? 0), 0),
      );
      const length = Math.hypot(...sum);
      for (const [i, value] of sum.entries()) {
        expect(embeds[index * width + i]).toBeCloseTo(value / length, 5);
      }
    }
    expect(backend.runtime.liveSessions).toBe(0);
    expect(backend.compute.liveTensors).toBe(0);
  });

  it('truncates prompts that are too long and reports them', async () => {
    const encode = (prompt: string) =>
      encodePrompts([prompt], promptEncoder(width, 8), backend.compute, backend.runtime);
    const long = await encode('abcdefghijklmnop');
    const short = await encode('abcdef');
    expect([long.cut, short.cut]).toEqual([[0], []]);
    const other = await encode('ponmlkjihgfedcba');
    expect([...other.embeds]).not.toEqual([...long.embeds]);
  });

  it('rejects a tower of another width', async () => {
    const encoder = { ...promptEncoder(width), width: 8 };
    expect(await failure(encodePrompts(['cat'], encoder, backend.compute, backend.runtime))).toMatchObject({
      code: 'embedding-width',
      details: { network: 'text encoder', found: width, expected: 8 },
    });
    expect(backend.runtime.liveSessions).toBe(0);
    expect(backend.compute.liveTensors).toBe(0);
  });

  it('rejects a network that is not a text tower', async () => {
    const encoder = { ...promptEncoder(width), model: () => Promise.resolve(identityModel()) };
    expect(await failure(encodePrompts(['cat'], encoder, backend.compute, backend.runtime))).toMatchObject({
      code: 'port-missing',
      details: { name: 'text_embeds', outputs: 'y' },
    });
    expect(backend.runtime.liveSessions).toBe(0);
  });

  it('can be aborted', async () => {
    const stopped = encodePrompts(
      ['cat'],
      promptEncoder(width),
      backend.compute,
      backend.runtime,
      AbortSignal.abort(),
    );
    await expect(stopped).rejects.toSatisfy(isAbort);
    expect(backend.runtime.liveSessions).toBe(0);
  });
});
