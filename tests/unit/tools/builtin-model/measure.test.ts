import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import * as v from 'valibot';
import type { Picture } from '../../../../src/base/index.ts';
import { main } from '../../../../tools/builtin-model/measure.ts';
import { fitPicture } from '../../../../tools/builtin-model/measure/pictures.ts';
import { readPng, writePng } from '../../../../tools/png.ts';
import { textTower, tokenizerConfig, tokenizerFile } from '../../../support/text-tower.ts';
import { embeddingWidth, tinyModelFiles } from '../../../support/tiny-model.ts';
import { sceneLabels, writeCollection } from './support.ts';

const side = 64;

let folder: string;
let lines: string[];
let complaints: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drift-measure-'));
  [lines, complaints] = [[], []];
  vi.spyOn(console, 'log').mockImplementation((line: string) => void lines.push(line));
  vi.spyOn(console, 'error').mockImplementation((line: string) => void complaints.push(line));
});
afterEach(async () => {
  vi.restoreAllMocks();
  await rm(folder, { recursive: true });
});

async function write(path: string, content: Uint8Array | string): Promise<void> {
  const file = join(folder, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, content);
}

/** The tiny model, with a text tower instead of its fixed prompts. */
async function writeModel({ steps = 1 } = {}): Promise<void> {
  const files: Map<string, Uint8Array | string> = tinyModelFiles();
  const manifest: unknown = JSON.parse(new TextDecoder().decode(tinyModelFiles().get('model.json')));
  const changes = {
    fixedPrompts: undefined,
    textEncoder: { model: 'text.onnx', tokenizer: 'tokenizer.json', tokenizerConfig: 'config.json' },
    defaults: { steps, positivePrompts: 'bright|green', negativePrompts: 'dark', repeats: 3 },
  };
  files.set('model.json', JSON.stringify(Object.assign({}, manifest, changes)));
  files.set('text.onnx', textTower(embeddingWidth).graph);
  files.set('tokenizer.json', JSON.stringify(tokenizerFile));
  files.set('config.json', JSON.stringify(tokenizerConfig));
  for (const [path, content] of files) await write(`model/${path}`, content);
}

function waves(width: number, height: number, phase: number): Picture {
  const data = new Uint8ClampedArray(4 * width * height).fill(255);
  for (let pixel = 0; pixel < width * height; pixel++) {
    for (let channel = 0; channel < 3; channel++) {
      data[4 * pixel + channel] = 128 + 100 * Math.sin(pixel / (5 + phase) + channel + phase);
    }
  }
  return { width, height, data };
}

/** Four scenes of different families with two layouts each, and two photographs. */
async function writeData(): Promise<void> {
  const scenes = [0, 1, 2, 3].map(sceneLabels);
  await writeCollection(join(folder, 'data'), { pixels: side, layouts: 2, scenes });
  await write('photographs/harbour.png', writePng(waves(90, 150, 5)));
  await write('photographs/street.png', writePng(waves(200, 150, 3)));
}

const measure = (...args: string[]) =>
  main([
    ...['--data', join(folder, 'data'), '--photographs', join(folder, 'photographs')],
    ...['--out', join(folder, 'out'), '--model', join(folder, 'model')],
    ...args,
  ]);

const number = v.pipe(v.number(), v.finite());
const share = v.pipe(number, v.minValue(0), v.maxValue(1));
const cosine = v.pipe(number, v.minValue(-1.001), v.maxValue(1.001));

async function results(): Promise<unknown> {
  return JSON.parse(await readFile(join(folder, 'out', 'measures.json'), 'utf8'));
}

/** Size of a sheet of this many pictures, with 4 pixels around each. */
const span = (count: number) => count * (side + 4) + 4;

async function sheetSize(name: string): Promise<[number, number]> {
  const { width, height } = readPng(await readFile(join(folder, 'out', `${name}.png`)));
  return [width, height];
}

describe('measuring a model', () => {
  beforeEach(async () => {
    await writeModel();
    await writeData();
  });

  /** Runs one measure on two pictures, and returns its result. */
  async function only<T extends v.GenericSchema>(
    name: string,
    schema: T,
    ...args: string[]
  ): Promise<v.InferOutput<T>> {
    const status = await measure('--only', name, '--limit', '2', '--frames', '6', ...args);
    expect(complaints.filter((line) => !/^\w+ \d+\/\d+$/.test(line))).toEqual([]);
    expect(status).toBe(0);
    expect(new Set(lines.map((line) => line.split(' ')[0]))).toEqual(new Set(['#', name]));
    return v.parse(v.object({ [name]: v.object({ values: schema }) }), await results())[name]?.values;
  }

  it('vae: similarity of pictures to their reconstructions', async () => {
    const schema = v.object({ pictures: v.literal(2), mean: number, tenthPercentile: number, min: number });
    const { min, tenthPercentile, mean } = await only('vae', schema);
    expect(min).toBeLessThanOrEqual(tenthPercentile);
    expect(tenthPercentile).toBeLessThanOrEqual(mean);
    expect(await sheetSize('vae')).toEqual([span(2), span(2)]);
  });

  it('clip: recall of captions, and a row for each attribute of the pictures', async () => {
    const one = v.object({ attribute: v.string(), among: number, pictures: number, right: share });
    const schema = v.object({
      among: number,
      pictureToText: share,
      textToPicture: share,
      attributes: v.array(one),
    });
    const { among, attributes } = await only('clip', schema);
    expect(among).toBe(2);
    expect(attributes.map(({ attribute }) => attribute)).toEqual(
      expect.arrayContaining(['family', 'time', 'palette', 'style']),
    );
  });

  it('agreement: attributes and similarity of variants, and a contact sheet', async () => {
    const row = v.object({ attribute: v.string(), same: share, withTruth: share });
    const sibling = v.object({ scene: number, cosine, pixelRms: number });
    const schema = v.object({
      pairs: v.literal(2),
      attributes: v.array(row),
      cosine: v.object({ own: cosine, others: cosine }),
      siblings: v.tuple([sibling, sibling]),
    });
    const { attributes, siblings } = await only('agreement', schema);
    expect(attributes.map(({ attribute }) => attribute)).toContain('family');
    for (const { pixelRms } of siblings) {
      expect(pixelRms, 'other seeds make other pictures').toBeGreaterThan(1);
    }
    expect(await sheetSize('variants')).toEqual([span(11), span(2)]);
  });

  it('guidance: more repeats pull further', async () => {
    const step = v.object({ repeats: number, embedding: cosine, frame: cosine, shows: share });
    const theme = v.object({ word: v.string(), pictures: number, steps: v.array(step) });
    const { themes } = await only('guidance', v.object({ themes: v.array(theme) }), '--limit', '1');
    // Words that the start picture shows already are left out, here a family's.
    expect(themes.map(({ word }) => word)).toEqual(expect.arrayContaining(['snow', 'night', 'city']));
    for (const { word, steps } of themes) {
      expect(steps.map(({ repeats }) => repeats)).toEqual([0, 5, 10, 20]);
      const pulled = steps.map(({ embedding }) => embedding);
      expect(pulled, word).toEqual([...pulled].sort((a, b) => a - b));
      expect(pulled.at(-1), word).toBeGreaterThan(pulled[0] ?? NaN);
    }
  });

  describe('chains', () => {
    const chain = v.object({ name: v.string(), neighbours: cosine, lastToStart: cosine });
    const schema = v.object({
      frames: v.literal(6),
      chains: v.array(chain),
      neighbours: cosine,
      lastFrames: cosine,
    });
    const run = (...args: string[]) => measure('--only', 'chains', '--limit', '1', '--frames', '6', ...args);
    const files = async (...path: string[]) => (await readdir(join(folder, 'out', 'chains', ...path))).sort();

    it('start at scenes and photographs, with every sixth frame on their sheets', async () => {
      const { chains } = await only('chains', schema);
      expect(chains.map(({ name }) => name.split('-')[0])).toEqual([
        'scene',
        'scene',
        'photograph',
        'photograph',
      ]);
      for (const kind of ['scenes', 'photographs']) {
        // Each row is itself a sheet with margins.
        expect(await sheetSize(`chains-${kind}`)).toEqual([span(2) + 8, 2 * (span(1) + 4) + 4]);
      }
    });

    it('are written frame by frame with --all-frames', async () => {
      await run('--all-frames');
      const frames = ['0000', '0001', '0002', '0003', '0004', '0005', '0006'].map((name) => `${name}.png`);
      expect(await files('photograph-harbour')).toEqual(frames);
      const start = readPng(await readFile(join(folder, 'out', 'chains', 'photograph-harbour', '0000.png')));
      expect(start).toEqual(fitPicture(readPng(writePng(waves(90, 150, 5))), side, side));
    });

    it('are shared between processes with --part, the last of which writes the result, and are made only once', async () => {
      expect(await run('--part', '1/2')).toBe(0);
      expect((await files()).filter((name) => name.endsWith('.json'))).toHaveLength(1);
      expect(existsSync(join(folder, 'out', 'measures.json'))).toBe(false);
      expect(complaints.at(-1)).toBe('1 of 2 chains are finished.');
      expect(await run('--part', '2/2')).toBe(0);
      const first = await results();
      const { chains } = v.parse(v.object({ chains: v.object({ values: schema }) }), first);
      expect(chains.values.chains).toHaveLength(2);

      const times = async () =>
        Promise.all(
          (await files()).map(async (name) => (await stat(join(folder, 'out', 'chains', name))).mtimeMs),
        );
      const before = await times();
      expect(await run()).toBe(0);
      expect(await times()).toEqual(before);
      expect(await results()).toEqual(first);
    });
  });

  it('smooth: ratio of the largest step to the median, and a sheet with a row for each segment', async () => {
    const one = v.object({
      scene: number,
      median: number,
      largest: number,
      ratio: v.pipe(number, v.minValue(1)),
    });
    await only('smooth', v.object({ runs: v.tuple([one]) }), '--limit', '1', '--segments', '2');
    expect(await sheetSize('smooth')).toEqual([span(9), span(2)]);
  });

  it('photographs: distance of palettes, and a sheet with five frames of each', async () => {
    const one = v.object({
      name: v.string(),
      palette: number,
      toStart: v.pipe(v.array(cosine), v.length(5)),
    });
    const schema = v.object({ closerToOwn: share, photographs: v.tuple([one, one]) });
    const { photographs } = await only('photographs', schema);
    expect(photographs.map(({ name }) => name)).toEqual(['harbour', 'street']);
    expect(await sheetSize('photographs')).toEqual([span(6), span(2)]);
  });

  it('merges new measures with earlier ones, and prints all of them with --table', async () => {
    expect(await measure('--only', 'photographs', '--limit', '1')).toBe(0);
    expect(await measure('--only', 'vae', '--limit', '1')).toBe(0);
    lines.length = 0;
    expect(await main(['--out', join(folder, 'out'), '--table'])).toBe(0);
    const rows = lines.join('\n').split('\n');
    expect(rows[0]).toMatch(/^\| measure +\| wanted +\| result +\| +\|$/);
    expect(rows.slice(2).map((row) => row.slice(2, 7))).toEqual(['VAE: ', 'Photo']);
  });

  it('rejects measures of different models in one table', async () => {
    await measure('--only', 'vae', '--limit', '1');
    await writeModel({ steps: 2 });
    await measure('--only', 'photographs', '--limit', '1');
    expect(await main(['--out', join(folder, 'out'), '--table'])).toBe(1);
    expect(complaints.join('\n')).toMatch(/different models/);
  });

  it('rejects an unknown measures.json before anything is measured', async () => {
    await write('out/measures.json', '{"vae":{"pictures":2}}');
    expect(await measure('--only', 'vae', '--limit', '1')).toBe(1);
    expect(complaints.join('\n')).toMatch(/measures\.json was not written by this command/);
    expect(lines).toEqual([]);
  });

  it('rejects a collection whose picture size differs from the model', async () => {
    await writeCollection(join(folder, 'data'), { pixels: 32, layouts: 1, scenes: [sceneLabels(0)] });
    expect(await measure('--only', 'vae')).toBe(1);
    expect(complaints.join('\n')).toMatch(/32×32, the model's 64×64.*--pixels 64/);
    expect(existsSync(join(folder, 'out', 'measures.json'))).toBe(false);
  });

  it('requires only the arguments that the measure needs', async () => {
    const out = ['--out', join(folder, 'out'), '--model', join(folder, 'model')];
    expect(await main([...out, '--only', 'vae'])).toBe(2);
    expect(await main([...out, '--only', 'chains', '--data', join(folder, 'data')])).toBe(2);
    const photographs = join(folder, 'photographs');
    expect(await main([...out, '--only', 'photographs', '--limit', '1', '--photographs', photographs])).toBe(
      0,
    );
  });
});

describe('the command line', () => {
  it.each([
    [['--only', 'beauty']],
    [['--limit', '0']],
    [['--frames', '1.5']],
    [['--segments', '0']],
    [['--backend', 'abacus']],
    [['--part', '3/2']],
    [['--part', '0/2']],
    [['--part', 'first']],
  ])('rejects %j', async (args) => {
    expect(await measure(...args)).toBe(2);
    expect(complaints.join('\n')).toMatch(/^Usage/);
  });
});
