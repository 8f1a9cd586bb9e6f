import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { writeSource } from '../../../../tools/full-model.ts';
import { imageVariations } from '../../../../tools/full-model/model.ts';
import { bytesOf, checkDiskSpace, modelIn } from '../../../../tools/soak/disk-space.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drift-room-'));
});
afterEach(() => rm(folder, { recursive: true }));

it('modelIn: a folder contains the model, nothing, or is rejected', async () => {
  const hub = join(folder, 'hub');
  expect(await modelIn(hub, 'small')).toBe('missing');
  const files = imageVariations('small', 'safetensors');
  for (const [path, source] of files) await writeSource(join(hub, path), source);
  expect(await modelIn(hub, 'small')).toBe('there');
  const [first = ''] = files.keys();
  await appendFile(join(hub, first), 'more');
  await expect(modelIn(hub, 'small')).rejects.toThrow(first);
});

it('checkDiskSpace adds up folders on the same disk', async () => {
  await checkDiskSpace([{ folder, bytes: 1 }]);
  const half = 0.6e18;
  await expect(checkDiskSpace([{ folder, bytes: 1e18 }])).rejects.toThrow(/1100000000\.0 GB are needed/);
  await expect(
    checkDiskSpace([
      { folder, bytes: half },
      { folder: tmpdir(), bytes: half },
    ]),
  ).rejects.toThrow(/1320000000\.0 GB are needed/);
});

it('the full model is as large as the usage text says', () => {
  const { published, installed } = bytesOf('full');
  expect(published / 1e9).toBeCloseTo(4.6, 1);
  expect(installed / 1e9).toBeLessThan(2.8);
});
