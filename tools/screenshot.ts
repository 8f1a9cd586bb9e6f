import { mkdir, readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { chromium } from '@playwright/test';
import { preview } from 'vite';
import { readRig } from '../tests/rig/machines.ts';

const usage = `Usage: node tools/run.mjs tools/screenshot.ts [--out docs/page.png] [--width 1440] [--height 900]
       [--scheme dark|light] [--frames 12]

Takes the README's picture: an animation of the built-in model in the built page. Needs "npm run build", and the test
browsers ("npm test -- prepare").`;

/** The screenshot command. See `usage`. */
export async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      out: { type: 'string', default: 'docs/page.png' },
      width: { type: 'string', default: '1440' },
      height: { type: 'string', default: '900' },
      scheme: { type: 'string', default: 'dark' },
      frames: { type: 'string', default: '12' },
    },
  });
  const machine = readRig()?.machines.find(({ name }) => name === 'cpu');
  const { scheme, out, frames } = values;
  if (!machine || (scheme !== 'dark' && scheme !== 'light')) {
    console.error(usage);
    return 2;
  }
  const server = await preview({ configFile: 'vite.config.ts', preview: { host: '127.0.0.1', port: 0 } });
  const { executablePath, args: flags, env } = machine;
  const browser = await chromium.launch({ executablePath, args: flags, env: { ...process.env, ...env } });
  try {
    const page = await browser.newPage({
      viewport: { width: Number(values.width), height: Number(values.height) },
      colorScheme: scheme,
    });
    await page.goto(server.resolvedUrls?.local[0] ?? '');
    await page.getByRole('button', { name: 'Coral' }).click();
    await page.getByRole('spinbutton', { name: 'Frames', exact: true }).fill(frames);
    await page.getByRole('button', { name: 'Generate', exact: true }).click();
    const last = page
      .getByRole('list', { name: 'Frames' })
      .getByRole('img', { name: `Frame ${frames}`, exact: true });
    await last.waitFor({ timeout: 300_000 });
    await page.getByText(/^Made /).waitFor();
    await mkdir(new URL('.', `file://${process.cwd()}/${out}`), { recursive: true });
    await page.screenshot({ path: out });
    console.log(`${out}: ${(await readFile(out)).length} bytes`);
    return 0;
  } finally {
    await browser.close();
    await server.close();
  }
}
