import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { drawFamilies, openCollection } from '../../../../tools/builtin-model/measure/collection.ts';
import { openPhotographs } from '../../../../tools/builtin-model/measure/photograph-files.ts';
import { uniform } from '../../../../tools/builtin-model/measure/statistics.ts';
import { main as drawWorlds } from '../../../../tools/builtin-model/worlds/draw.ts';
import { rasterise, sceneAt } from '../../../../tools/builtin-model/worlds/index.ts';
import { writePng } from '../../../../tools/png.ts';
import { sceneLabels, writeCollection } from './support.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drift-collection-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

describe('a collection', () => {
  it('written by worlds/draw.ts contains the pictures of the generator', async () => {
    const [seed, pixels, layouts] = ['collection test', 16, 2];
    const args = { out: folder, seed, scenes: 3, layouts, pixels, threads: 1 };
    expect(
      await drawWorlds(Object.entries(args).flatMap(([name, value]) => [`--${name}`, String(value)])),
    ).toBe(0);
    const collection = await openCollection(folder);
    expect(collection).toMatchObject({ pixels, layouts });
    for (const { index, labels, read } of collection.scenes) {
      const { family, time, things } = sceneAt(seed, layouts * index, layouts);
      expect(labels).toMatchObject({ family, time, things });
      for (let layout = 0; layout < layouts; layout++) {
        const { data } = await read(layout);
        expect([...data]).toEqual([...rasterise(sceneAt(seed, layouts * index + layout, layouts), pixels)]);
      }
    }
    expect(collection.scenes).toHaveLength(3);
  }, 60_000);

  it('may have more pictures than scenes.json names, as while more are being drawn', async () => {
    await writeCollection(folder, { pixels: 16, layouts: 1, scenes: [sceneLabels(0), sceneLabels(1)] });
    await writeFile(
      join(folder, 'scenes.json'),
      JSON.stringify({ pixels: 16, layouts: 1, scenes: [sceneLabels(0)] }),
    );
    expect((await openCollection(folder)).scenes).toHaveLength(1);
  });

  it('rejects a layout that it does not have', async () => {
    await writeCollection(folder, { pixels: 16, layouts: 2, scenes: [sceneLabels(0)] });
    const [scene] = (await openCollection(folder)).scenes;
    expect(() => scene?.read(2)).toThrow(RangeError);
  });

  const scene = sceneLabels(0);
  it.each([
    ['no JSON', '{', /is not JSON/],
    ['no scenes', JSON.stringify({ pixels: 16, layouts: 1, scenes: [] }), /scenes:/],
    ['no size', JSON.stringify({ layouts: 1, scenes: [scene] }), /pixels:/],
    ['layouts that are no count', JSON.stringify({ pixels: 16, layouts: 0.5, scenes: [scene] }), /layouts:/],
    [
      'a family that the generator does not know',
      JSON.stringify({ pixels: 16, layouts: 1, scenes: [scene, { ...scene, family: 'kitchen' }] }),
      /scenes\.1\.family:/,
    ],
    [
      'more pictures than the file of pixels',
      JSON.stringify({ pixels: 16, layouts: 2, scenes: [scene] }),
      /pictures\.rgb cannot be used: it holds 1 of 2/,
    ],
  ])('with %s is rejected with the reason', async (_, text, reason) => {
    await writeCollection(folder, { pixels: 16, layouts: 1, scenes: [scene] });
    await writeFile(join(folder, 'scenes.json'), text);
    const opening = openCollection(folder);
    await expect(opening).rejects.toMatchObject({ code: 'collection-invalid' });
    await expect(opening).rejects.toThrow(reason);
  });

  it.each(['scenes.json', 'pictures.rgb'])('without %s is rejected', async (file) => {
    await writeCollection(folder, { pixels: 16, layouts: 1, scenes: [scene] });
    await rm(join(folder, file));
    await expect(openCollection(folder)).rejects.toMatchObject({ code: 'collection-invalid' });
  });

  it('that is truncated while it is read rejects, instead of returning zeros', async () => {
    await writeCollection(folder, { pixels: 16, layouts: 1, scenes: [scene] });
    const [opened] = (await openCollection(folder)).scenes;
    await writeFile(join(folder, 'pictures.rgb'), new Uint8Array(10));
    await expect(opened?.read(0)).rejects.toMatchObject({ code: 'collection-invalid' });
  });
});

describe('drawFamilies', () => {
  const scenes = ['sea', 'sea', 'sea', 'city', 'forest'].map((family, index) => ({
    index,
    labels: { ...sceneLabels(index), family },
  }));

  it('draws every family before it repeats one, and never a scene twice', () => {
    for (let seed = 0; seed < 20; seed++) {
      const drawn = drawFamilies({ scenes }, 4, uniform(seed));
      expect(new Set(drawn.map(({ index }) => index)).size).toBe(4);
      expect(new Set(drawn.slice(0, 3).map(({ labels }) => labels.family)).size).toBe(3);
    }
  });

  it('draws all scenes where more are requested', () => {
    expect(drawFamilies({ scenes }, 9, uniform(1))).toHaveLength(5);
  });
});

describe('openPhotographs', () => {
  const picture = { width: 2, height: 1, data: Uint8ClampedArray.of(1, 2, 3, 255, 4, 5, 6, 255) };

  it('lists the PNG files by name, in order', async () => {
    for (const name of ['b.png', 'a.png', 'LICENCE']) await writeFile(join(folder, name), writePng(picture));
    const photographs = await openPhotographs(folder);
    expect(photographs.map(({ name }) => name)).toEqual(['a', 'b']);
    expect(await photographs[0]?.read()).toEqual(picture);
  });

  it('names a file that is not a picture', async () => {
    await writeFile(join(folder, 'a.png'), 'text');
    const [photograph] = await openPhotographs(folder);
    const reading = photograph?.read();
    await expect(reading).rejects.toMatchObject({ code: 'picture-invalid' });
    await expect(reading).rejects.toThrow('a.png');
  });

  it('rejects a folder that is empty or does not exist', async () => {
    await expect(openPhotographs(folder)).rejects.toMatchObject({ code: 'no-photographs' });
    await expect(openPhotographs(join(folder, 'x'))).rejects.toMatchObject({ code: 'no-photographs' });
  });
});
