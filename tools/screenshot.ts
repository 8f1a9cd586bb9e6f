import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium } from '@playwright/test';
import { preview } from 'vite';
import { readRig } from '../tests/rig/machines.ts';
import { run } from '../tests/rig/process.ts';

const usage = `Usage: node tools/run.mjs tools/screenshot.ts [--out docs/page.png] [--width 1440] [--height 900]
       [--scheme dark|light] [--example Canyon] [--recipe Gentle] [--frames 2] [--seed 3] [--shown 7] [--dialog Export]

Takes the README's picture: an animation of the built-in model in the built page, begun from one of the examples, with
one of its frames on the stage. With --dialog it takes that dialog alone, as for docs/guide/export.webp. Reduces a PNG to 256
colours; compresses a WebP. Needs "npm run build", and the browsers and ffmpeg of
the tests ("npm test -- prepare").`;

/** Entry point of the screenshot command. See `usage`. */
export async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      out: { type: 'string', default: 'docs/page.png' },
      width: { type: 'string', default: '1440' },
      height: { type: 'string', default: '900' },
      scheme: { type: 'string', default: 'dark' },
      example: { type: 'string', default: 'Canyon' },
      recipe: { type: 'string', default: 'Gentle' },
      frames: { type: 'string', default: '2' },
      seed: { type: 'string', default: '3' },
      shown: { type: 'string', default: '7' },
      dialog: { type: 'string' },
    },
  });
  const machine = readRig()?.machines.find(({ name }) => name === 'cpu');
  const { scheme, out, example, recipe, frames, seed, shown, dialog } = values;
  if (!machine || (scheme !== 'dark' && scheme !== 'light')) {
    console.error(usage);
    return 2;
  }
  const folder = await mkdtemp(join(tmpdir(), 'drift-screenshot-'));
  const server = await preview({ configFile: 'vite.config.ts', preview: { host: '127.0.0.1', port: 0 } });
  const { executablePath, args: flags, env } = machine;
  const browser = await chromium.launch({ executablePath, args: flags, env: { ...process.env, ...env } });
  try {
    const page = await browser.newPage({
      viewport: { width: Number(values.width), height: Number(values.height) },
      colorScheme: scheme,
    });
    await page.goto(server.resolvedUrls?.local[0] ?? '');
    await page.getByRole('button', { name: example }).click();
    await page.getByText('Runs on').waitFor();
    await page.getByRole('radio', { name: recipe }).check();
    await page.getByRole('spinbutton', { name: 'Frames', exact: true }).fill(frames);
    await page.getByRole('spinbutton', { name: 'Seed', exact: true }).fill(seed);
    await page.getByRole('button', { name: 'Generate', exact: true }).click();
    await page.getByText(/^Made /).waitFor({ timeout: 300_000 });
    // Scrolls the strip to its start, and moves the mouse off all buttons.
    await page.getByRole('button', { name: 'Start', exact: true }).click();
    await page.getByRole('img', { name: `Frame ${shown}`, exact: true }).click();
    await page.mouse.move(0, 0);
    if (dialog !== undefined) {
      await page.getByRole('button', { name: dialog, exact: true }).click();
      await page.getByText(/^about /).waitFor();
    }
    await page.evaluate(() => Promise.all([...document.images].map((image) => image.decode())));
    await mkdir(dirname(out), { recursive: true });
    const taken = dialog === undefined ? page : page.getByRole('dialog', { name: dialog });
    await taken.screenshot({ path: join(folder, 'page.png') });
    await compress(join(folder, 'page.png'), out);
    console.log(`${out}: ${(await stat(out)).size} bytes`);
    return 0;
  } finally {
    await browser.close();
    await server.close();
    await rm(folder, { recursive: true });
  }
}

/**
 * Compresses a PNG: to a PNG with an optimized palette of 256 colours, or to a WebP.
 *
 * @throws Error with ffmpeg's output if it fails
 */
async function compress(from: string, to: string): Promise<void> {
  const palette =
    'split[a][b];[a]palettegen=stats_mode=single[palette];[b][palette]paletteuse=dither=sierra2_4a';
  const how = to.endsWith('.webp')
    ? ['-c:v', 'libwebp', '-quality', '85']
    : ['-vf', palette, '-compression_level', '100'];
  const args = ['-v', 'error', '-y', '-i', from, ...how, to];
  const { status, output } = await run('ffmpeg', args, { output: 'collect' });
  if (status !== 0) throw new Error(`ffmpeg could not write ${to}: ${output.trim()}`);
}
