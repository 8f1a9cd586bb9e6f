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
    defaults: { steps: 2, positivePrompts: 'bright|green', negativePrompts: 'dark', repeats: 3 },
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
const ends = v.object({ toStart: cosine, toPredecessor: cosine });
const resultsSchema = v.object({
  vae: v.object({ pictures: v.literal(8), mean: number, tenthPercentile: number, min: number }),
  clip: v.object({ among: v.literal(4), draws: number, pictureToText: share, textToPicture: share }),
  variants: v.object({
    pictures: v.literal(4),
    toVariant: cosine,
    toStrangersVariant: cosine,
    ten: v.pipe(v.array(v.object({ name: v.string(), cosine, pixelRms: number })), v.length(4)),
  }),
  guidance: v.object({
    byRepeats: v.array(v.object({ repeats: number, embedding: number, frame: number })),
  }),
  chains: v.object({ frames: v.literal(6), guided: ends, unguided: ends }),
  photographs: v.object({
    photographs: v.tuple([v.object({ name: v.literal('street.png'), toStart: v.array(cosine) })]),
  }),
});

async function results(): Promise<unknown> {
  return JSON.parse(await readFile(join(folder, 'out', 'measures.json'), 'utf8'));
}

async function sheetSize(name: string): Promise<[number, number]> {
  const { width, height } = readPng(await readFile(join(folder, 'out', `${name}.png`)));
  return [width, height];
}

describe('measuring a model', () => {
  beforeEach(async () => {
    await writeModel();
    await writeData();
  });

  it('gives a line, numbers and sheets for everything it is asked for', async () => {
    expect(await measure('--only', 'vae,clip,variants,guidance,chains,photographs', '--frames', '6')).toBe(0);
    const found = v.parse(resultsSchema, await results());
    expect(lines.map((line) => line.split(' ')[0])).toEqual(['#', ...Object.keys(found)]);

    const { vae, guidance, variants } = found;
    expect(vae.min).toBeLessThanOrEqual(vae.tenthPercentile);
    expect(vae.tenthPercentile).toBeLessThanOrEqual(vae.mean);
    for (const { pixelRms } of variants.ten) expect(pixelRms, 'seeds make a difference').toBeGreaterThan(1);
    expect(guidance.byRepeats.map(({ repeats }) => repeats)).toEqual([0, 5, 10, 20]);
    const similarity = guidance.byRepeats.map(({ embedding }) => embedding);
    expect(similarity, 'guidance pulls more, the longer it pulls').toEqual(
      [...similarity].sort((a, b) => a - b),
    );
    expect(similarity.at(-1)).toBeGreaterThan(similarity[0] ?? NaN);

    // Pictures with 4 pixels around each: four rows of a start and one frame of six, one of a start and five frames.
    const span = (count: number) => count * (side + 4) + 4;
    expect(await sheetSize('chains-guided')).toEqual([span(2), span(4)]);
    expect(await sheetSize('chains-unguided')).toEqual([span(2), span(4)]);
    expect(await sheetSize('variants')).toEqual([span(11), span(4)]);
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
