import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import * as v from 'valibot';
import type { Picture } from '../../../../src/base/index.ts';
import { main } from '../../../../tools/builtin-model/measure.ts';
import { readPng, writePng } from '../../../../tools/png.ts';
import { textTower, tokenizerConfig, tokenizerFile } from '../../../support/text-tower.ts';
import { embeddingWidth, tinyModelFiles } from '../../../support/tiny-model.ts';

const side = 64;
const concepts = ['apple', 'whale', 'tree', 'sun'];
const sets = ['flat', 'glossy'];

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

/** The tiny model, with a text tower in place of its fixed prompts. */
async function writeModel(): Promise<void> {
  const files: Map<string, Uint8Array | string> = tinyModelFiles();
  const manifest: unknown = JSON.parse(new TextDecoder().decode(tinyModelFiles().get('model.json')));
  const changes = {
    fixedPrompts: undefined,
    textEncoder: { model: 'text.onnx', tokenizer: 'tokenizer.json', tokenizerConfig: 'config.json' },
    defaults: { steps: 1, positivePrompts: 'bright|green', negativePrompts: 'dark', repeats: 3 },
  };
  files.set('model.json', JSON.stringify(Object.assign({}, manifest, changes)));
  files.set('text.onnx', textTower(embeddingWidth).graph);
  files.set('tokenizer.json', JSON.stringify(tokenizerFile));
  files.set('config.json', JSON.stringify(tokenizerConfig));
  for (const [path, content] of files) await write(`model/${path}`, content);
}

function stripes(width: number, height: number, phase: number): Picture {
  const data = new Uint8ClampedArray(4 * width * height).fill(255);
  for (let pixel = 0; pixel < width * height; pixel++) {
    for (let channel = 0; channel < 3; channel++) {
      data[4 * pixel + channel] = 128 + 100 * Math.sin(pixel / (5 + phase) + channel + phase);
    }
  }
  return { width, height, data };
}

/** Held-out pictures, each thing drawn in two ways, and a photograph. */
async function writeData(): Promise<void> {
  const pictures = concepts.flatMap((concept) =>
    sets.map((set) => ({
      concept,
      name: concept,
      text: `${concept}, thing`,
      set,
      file: `${set}-${concept}.png`,
    })),
  );
  await write('data/heldout.json', JSON.stringify({ size: side, pictures }));
  for (const [phase, { file }] of pictures.entries()) {
    await write(`data/${file}`, writePng(stripes(side, side, phase)));
  }
  await write('data/photographs/street.png', writePng(stripes(200, 150, 3)));
}

const measure = (...args: string[]) =>
  main([
    '--data',
    join(folder, 'data'),
    '--out',
    join(folder, 'out'),
    '--model',
    join(folder, 'model'),
    ...args,
  ]);

const number = v.pipe(v.number(), v.finite());
const share = v.pipe(number, v.minValue(0), v.maxValue(1));
const cosine = v.pipe(number, v.minValue(-1.001), v.maxValue(1.001));
const ends = v.object({ frames: v.literal(6), toStart: cosine, toPredecessor: cosine });

async function results(): Promise<unknown> {
  return JSON.parse(await readFile(join(folder, 'out', 'measures.json'), 'utf8'));
}

/** So many pictures of a sheet, with 4 pixels around each. */
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

  /** Runs one measure on two pictures, and gives what it has found. */
  async function only<T extends v.GenericSchema>(name: string, schema: T): Promise<v.InferOutput<T>> {
    expect(await measure('--only', name, '--limit', '2', '--frames', '6')).toBe(0);
    expect(lines.map((line) => line.split(' ')[0])).toEqual(['#', name]);
    return v.parse(v.object({ [name]: schema }), await results())[name];
  }

  it('vae: how near pictures come to themselves', async () => {
    const schema = v.object({ pictures: v.literal(2), mean: number, tenthPercentile: number, min: number });
    const { min, tenthPercentile, mean } = await only('vae', schema);
    expect(min).toBeLessThanOrEqual(tenthPercentile);
    expect(tenthPercentile).toBeLessThanOrEqual(mean);
  });

  it('clip: how often a name is found', async () => {
    await only('clip', v.object({ among: v.literal(2), pictureToText: share, textToPicture: share }));
  });

  it('variants: how alike they are, and a sheet of them', async () => {
    const one = v.object({ name: v.string(), cosine, pixelRms: number });
    const schema = v.object({ toVariant: cosine, toStrangersVariant: cosine, ten: v.tuple([one, one]) });
    const { ten } = await only('variants', schema);
    for (const { pixelRms } of ten) expect(pixelRms, 'seeds make a difference').toBeGreaterThan(1);
    expect(await sheetSize('variants')).toEqual([span(11), span(2)]);
  });

  it('guidance: it pulls more, the longer it pulls', async () => {
    const one = v.object({ repeats: number, embedding: number, frame: number });
    const { byRepeats } = await only('guidance', v.object({ byRepeats: v.array(one) }));
    expect(byRepeats.map(({ repeats }) => repeats)).toEqual([0, 5, 10, 20]);
    const similarity = byRepeats.map(({ embedding }) => embedding);
    expect(similarity).toEqual([...similarity].sort((a, b) => a - b));
    expect(similarity.at(-1)).toBeGreaterThan(similarity[0] ?? NaN);
  });

  it.each(['chains', 'unguided'])(
    '%s: a sheet with every sixth frame, and how alike frames stay',
    async (name) => {
      await only(name, ends);
      expect(await sheetSize(name)).toEqual([span(2), span(2)]);
    },
  );

  it('photographs: a sheet with five frames of each', async () => {
    const one = v.object({ name: v.literal('street.png'), toStart: v.pipe(v.array(cosine), v.length(5)) });
    await only('photographs', v.object({ photographs: v.tuple([one]) }));
    expect(await sheetSize('photographs')).toEqual([span(6), span(1)]);
  });

  it('adds to what was measured before, and looks at no more than it is told', async () => {
    expect(await measure('--only', 'vae', '--limit', '2')).toBe(0);
    expect(await measure('--only', 'clip', '--limit', '3')).toBe(0);
    expect(await results()).toMatchObject({ vae: { pictures: 2 }, clip: { among: 3 } });
  });

  it.each([
    ['no JSON', '{', /cannot be read/],
    ['no pictures', '{"size":64,"pictures":[]}', /pictures/],
    ['a picture without a name', '{"size":64,"pictures":[{"concept":"a"}]}', /pictures\.0\./],
  ])('says what is wrong with data that hold %s', async (_, text, reason) => {
    await write('data/heldout.json', text);
    expect(await measure('--only', 'vae')).toBe(1);
    expect(complaints.join('\n')).toMatch(reason);
    expect(existsSync(join(folder, 'out', 'measures.json'))).toBe(false);
  });

  it.each([[['--only', 'beauty']], [['--limit', '0']], [['--backend', 'abacus']]])(
    'refuses %j',
    async (args) => {
      expect(await measure(...args)).toBe(2);
      expect(complaints.join('\n')).toMatch(/^Usage/);
    },
  );
});
