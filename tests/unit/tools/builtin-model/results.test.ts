import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ChainStore, firstStuck } from '../../../../tools/builtin-model/measure/chain.ts';
import { digestFolder, digestPicture } from '../../../../tools/builtin-model/measure/digest.ts';
import { markdownTable } from '../../../../tools/builtin-model/measure/results.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drift-results-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

describe('markdownTable', () => {
  it('has a row for each figure and whether its limit is met', () => {
    const rows = [
      { label: 'One', result: '1 %', wanted: { limit: 'at least 2 %', met: false } },
      { label: 'Another', result: '5' },
      { label: 'Third', result: '3 %', wanted: { limit: 'at least 2 %', met: true } },
    ];
    expect(markdownTable(rows).split('\n')).toEqual([
      '| measure | wanted       | result |         |',
      '| ------- | ------------ | ------ | ------- |',
      '| One     | at least 2 % | 1 %    | not met |',
      '| Another |              | 5      |         |',
      '| Third   | at least 2 % | 3 %    | met     |',
    ]);
  });
});

describe('firstStuck', () => {
  const moving = {
    positivesBefore: null,
    negativesBefore: null,
    texture: null,
    predecessor: 0.8,
    start: 0.5,
    earlier: [0.7],
  };
  const still = { ...moving, predecessor: 0.999, earlier: Array.from({ length: 11 }, () => 0.999) };
  const trace = (moves: number, stands: number, after = 0) => [
    ...Array.from({ length: moves }, () => moving),
    ...Array.from({ length: stands }, () => still),
    ...Array.from({ length: after }, () => moving),
  ];

  it('is the frame at which the page shows its notice, even if the chain moves again later', () => {
    expect(firstStuck(trace(20, 20))).toEqual({ kind: 'still', frame: 27 });
    expect(firstStuck(trace(20, 10, 20))).toEqual({ kind: 'still', frame: 27 });
  });

  it('is null where frames keep changing', () => {
    expect(firstStuck(trace(60, 0))).toBeNull();
    expect(firstStuck(trace(10, 3, 10))).toBeNull();
  });
});

describe('ChainStore.load', () => {
  const key = { name: 'lake', model: 'a', start: 'b', frames: 2, allFrames: false };
  const stored = { model: 'a', start: 'b', frames: 2, allFrames: false, trace: [], last: [1, 0] };
  const load = async (content: string, wanted: Partial<typeof key> = {}) => {
    await writeFile(join(folder, 'lake.json'), content);
    return new ChainStore(folder).load({ ...key, ...wanted });
  };

  it('returns a chain made from the same inputs', async () => {
    expect(await load(JSON.stringify(stored))).toEqual(stored);
  });

  it.each([{ model: 'c' }, { start: 'c' }, { frames: 3 }, { allFrames: true }, { name: 'sea' }])(
    'is null for a chain made from other inputs: %j',
    async (wanted) => {
      expect(await load(JSON.stringify(stored), wanted)).toBeNull();
    },
  );

  it('accepts a chain with all frames where they are not required', async () => {
    expect(await load(JSON.stringify({ ...stored, allFrames: true }))).not.toBeNull();
  });

  it.each(['{', '{}', JSON.stringify({ ...stored, trace: [{}] })])(
    'is null for a damaged chain: %s',
    async (text) => {
      expect(await load(text)).toBeNull();
    },
  );
});

describe('digests', () => {
  it('of a model depend on its files and their names, but not on its README', async () => {
    await mkdir(join(folder, 'vae'));
    await writeFile(join(folder, 'vae', 'config.json'), '{}');
    const first = await digestFolder(folder);
    await writeFile(join(folder, 'README.md'), 'A card.');
    expect(await digestFolder(folder)).toBe(first);
    await writeFile(join(folder, 'vae', 'config.json'), '{ }');
    const second = await digestFolder(folder);
    expect(second).not.toBe(first);
    await writeFile(join(folder, 'model.json'), '');
    expect(await digestFolder(folder)).not.toBe(second);
  });

  it('of a missing folder reject', async () => {
    await expect(digestFolder(join(folder, 'x'))).rejects.toMatchObject({ code: 'no-model' });
  });

  it('of pictures depend on pixels and shape', () => {
    const data = new Uint8ClampedArray(8).fill(255);
    const [wide, high] = [
      digestPicture({ width: 2, height: 1, data }),
      digestPicture({ width: 1, height: 2, data }),
    ];
    expect(new Set([wide, high, digestPicture({ width: 2, height: 1, data: data.map(() => 0) })]).size).toBe(
      3,
    );
    expect(digestPicture({ width: 2, height: 1, data: data.slice() })).toBe(wide);
  });
});
