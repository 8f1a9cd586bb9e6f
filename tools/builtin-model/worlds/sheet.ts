import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { encode } from 'fast-png';
import { families, randomAttributes, styles, times } from './attributes.ts';
import type { Attributes } from './attributes.ts';
import { Random } from './random.ts';
import { rasterise } from './raster.ts';

const usage = `Usage: node tools/run.mjs tools/builtin-model/worlds/sheet.ts --out FILE.png
       [--rows N] [--columns N] [--pixels N] [--seed TEXT] [--only ATTRIBUTE=VALUE,…] [--variants]

Draws a contact sheet of scenes. --variants draws a scene in each row, with another layout in each column.`;

/** Entry point of the contact sheet command. See `usage`. */
export async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      out: { type: 'string' },
      rows: { type: 'string', default: '5' },
      columns: { type: 'string', default: '8' },
      pixels: { type: 'string', default: '160' },
      seed: { type: 'string', default: 'sheet' },
      only: { type: 'string', default: '' },
      variants: { type: 'boolean', default: false },
    },
  });
  const [rows, columns, pixels] = [Number(values.rows), Number(values.columns), Number(values.pixels)];
  if (values.out === undefined || !(rows >= 1) || !(columns >= 1) || !(pixels >= 16)) {
    console.error(usage);
    return 2;
  }
  const wanted = values.only
    .split(',')
    .filter(Boolean)
    .map((pair) => pair.split('='));
  const fits = (scene: Attributes) =>
    wanted.every(([name = '', value = '']) => {
      const found = new Map<string, unknown>(Object.entries(scene)).get(name);
      return Array.isArray(found) ? found.includes(value) : String(found) === value;
    });
  const gap = 6;
  const [width, height] = [columns * (pixels + gap) + gap, rows * (pixels + gap) + gap];
  const sheet = new Uint8Array(width * height * 4).fill(255);
  let scene: Attributes | null = null;
  for (let i = 0; i < rows * columns; i++) {
    if (scene === null || !values.variants || i % columns === 0) scene = find(`${values.seed} ${i}`, fits);
    const rgba = rasterise({ ...scene, layout: `${values.seed} ${i}` }, pixels);
    const [x, y] = [gap + (i % columns) * (pixels + gap), gap + Math.floor(i / columns) * (pixels + gap)];
    for (let row = 0; row < pixels; row++) {
      sheet.set(rgba.subarray(row * pixels * 4, (row + 1) * pixels * 4), ((y + row) * width + x) * 4);
    }
  }
  await writeFile(values.out, encode({ width, height, data: sheet, channels: 4, depth: 8 }));
  console.log(
    `${rows * columns} scenes of ${families.length} families, ${times.length} times and ${styles.length} styles`,
  );
  return 0;
}

function find(seed: string, fits: (scene: Attributes) => boolean): Attributes {
  const random = new Random(seed);
  for (let tries = 0; tries < 20_000; tries++) {
    const scene = randomAttributes(random);
    if (fits(scene)) return scene;
  }
  throw new RangeError('no scene has these attributes');
}
