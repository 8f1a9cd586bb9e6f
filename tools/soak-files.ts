import { spawnSync } from 'node:child_process';
import { link, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Page } from '@playwright/test';
import type { ExportOptions } from '../src/project/index.ts';
import { peakDuring } from './soak/peak-during.ts';
import { memoryOfFamily } from './soak/processes.ts';
import type { FamilyMemory } from './soak/processes.ts';
import { openBrowser, servePage } from './tool-page.ts';

const usage = `Usage: npm run soak:files -- [--only NAMES] [--frames 600] [--side 512] [--pictures 150]

Measures the memory that large files take, in the whole page in Chromium without a model: exports of 600 frames of 512×512,
and an import of 150 photographs of 12 megapixels, which is also cancelled once. Memory is the proportional set size of all
processes of the browser without pages of files (its program), which other browsers share, at its peak and above the empty
page. Each is measured in a fresh browser. NAMES are some of gif, mp4, x264, webm, av1, webp, apng, zip, drift and import,
with commas (default: all of them but x264, which takes by far the longest). Prints a row for each.

Needs Linux, ffmpeg and "npm test -- prepare".`;

const formats: Readonly<Record<string, Partial<ExportOptions>>> = {
  gif: { format: 'gif' },
  mp4: { format: 'mp4' },
  x264: { format: 'mp4', videoEncoder: 'x264' },
  webm: { format: 'webm' },
  av1: { format: 'webm', webmCodec: 'av1' },
  webp: { format: 'webp' },
  apng: { format: 'apng' },
  zip: { format: 'zip' },
};
const names = [...Object.keys(formats), 'drift', 'import'];

/** Entry point. See `usage`. */
export async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      only: { type: 'string' },
      frames: { type: 'string', default: '600' },
      side: { type: 'string', default: '512' },
      pictures: { type: 'string', default: '150' },
    },
  });
  const asked = values.only?.split(',') ?? names.filter((name) => name !== 'x264');
  const [frames, side, pictures] = [values.frames, values.side, values.pictures].map(Number);
  const wanted = names.filter((name) => asked.includes(name));
  if (!(frames && side && pictures) || wanted.length < asked.length) {
    console.error(usage);
    return 2;
  }
  const folder = await mkdtemp(join(tmpdir(), 'drift-files-'));
  const server = await servePage('tools/soak/frames/page.html', join(folder, 'dist'));
  const within = async <T>(
    profile: string,
    work: (page: Page, browser: number) => Promise<T>,
  ): Promise<T> => {
    const { context, pid } = await openBrowser(join(folder, profile));
    try {
      const page = await context.newPage();
      page.setDefaultTimeout(0);
      await page.goto(server.address);
      await page.waitForFunction(() => 'driftSoak' in globalThis);
      return await work(page, pid);
    } finally {
      await context.close();
    }
  };
  try {
    const emptyPage = () => within('empty', (page, browser) => restingMemory(page, browser));
    const kinds = wanted.filter((name) => name !== 'import');
    if (kinds.length > 0) {
      await within('exports', (page) =>
        page.evaluate(([count, pixels]) => driftSoak.fill(count, pixels), [frames, side] as const),
      );
      console.log(`| ${frames} frames of ${side}×${side} | file | seconds | peak above the empty page |`);
      console.log('| --- | ---: | ---: | ---: |');
    }
    for (const kind of kinds) {
      const empty = await emptyPage();
      await within('exports', async (page, browser) => {
        await page.evaluate(() => driftSoak.reopen());
        await restingMemory(page, browser);
        const { value, seconds, before, peak } = await peakDuring(browser, () => exported(page, kind));
        await checkErrors(page);
        const above = megabytes(peak.own - empty);
        console.error(`${kind}: empty ${megabytes(empty)}; ${partsOf(before)}; at the peak ${partsOf(peak)}`);
        console.log(`| ${kind} | ${megabytes(value)} | ${Math.round(seconds)} | ${above} |`);
      });
    }
    if (wanted.includes('import')) {
      const files = await photographs(join(folder, 'photographs'), pictures);
      const empty = await emptyPage();
      await within('imports', async (page, browser) => {
        const { seconds, peak, value } = await peakDuring(browser, () => imported(page, files));
        await checkErrors(page);
        console.log(
          `Import of ${pictures} pictures of 12 megapixels: ${Math.round(seconds)} s, ` +
            `${megabytes(peak.own - empty)} above the empty page, ${value} steps of progress seen`,
        );
      });
      await within('cancelled', async (page, browser) => {
        const { value, peak } = await peakDuring(browser, () => cancelled(page, files));
        await checkErrors(page);
        console.log(
          `Cancelled after ${value.done} pictures: ended within ${Math.round(value.milliseconds)} ms, ` +
            `${value.frames} frames left, ${megabytes(peak.own - empty)} above the empty page`,
        );
      });
    }
    return 0;
  } finally {
    await server.close();
    await rm(folder, { recursive: true });
  }
}

/** Memory of a browser whose page does nothing, after garbage collection, in bytes. */
async function restingMemory(page: Page, browser: number): Promise<number> {
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  await session.detach();
  return (await memoryOfFamily(browser)).own;
}

/** Exports the project: the size of the file in bytes. */
async function exported(page: Page, kind: string): Promise<number> {
  const options = formats[kind];
  const bytes = options
    ? await page.evaluate((changed) => driftSoak.exportAs(changed), options)
    : await page.evaluate(() => driftSoak.export('drift'));
  if (bytes === 0) throw new Error(`${kind} was not written`);
  return bytes;
}

/** Different photographs of 12 megapixels, linked under so many names. */
async function photographs(folder: string, count: number): Promise<string[]> {
  await mkdir(folder);
  const distinct = ['autumn', 'sunset', 'peaks'].map((name) => {
    const file = join(folder, `${name}.jpg`);
    const filter = 'scale=4000:3000:force_original_aspect_ratio=increase,crop=4000:3000,noise=alls=8:allf=t';
    const input = ['-i', `public/examples/${name}.webp`, '-vf', filter, '-q:v', '3', file];
    const { status } = spawnSync('ffmpeg', ['-v', 'error', ...input]);
    if (status !== 0) throw new Error('ffmpeg could not make the photographs.');
    return file;
  });
  const files: string[] = [];
  for (let number = 1; number <= count; number++) {
    const file = join(folder, `photo-${String(number).padStart(4, '0')}.jpg`);
    await link(distinct[number % distinct.length] ?? '', file);
    files.push(file);
  }
  return files;
}

async function choose(page: Page, files: readonly string[]): Promise<void> {
  await page.getByRole('button', { name: 'Projects', exact: true }).click();
  await page.getByLabel('Make a project of pictures').setInputFiles([...files]);
}

/** Imports pictures as a project and stores them: the number of different states of progress that were seen. */
async function imported(page: Page, files: readonly string[]): Promise<number> {
  await choose(page, files);
  const seen = new Set<number>();
  while ((await page.evaluate(() => driftSoak.frames())) < files.length) {
    const job = await page.evaluate(() => driftSoak.job());
    if (job && job.of > 0) seen.add(job.done);
    await checkErrors(page);
    await page.waitForTimeout(500);
  }
  await page.evaluate(() => driftSoak.settled());
  return seen.size;
}

/** Cancels an import when some pictures are read. */
async function cancelled(page: Page, files: readonly string[]) {
  await choose(page, files);
  const enough = Math.min(20, files.length - 1);
  await page.waitForFunction((least) => (driftSoak.job()?.done ?? 0) >= least, enough);
  const done = await page.evaluate(() => driftSoak.job()?.done ?? 0);
  const begun = performance.now();
  await page.getByRole('button', { name: 'Cancel' }).first().click();
  await page.waitForFunction(() => driftSoak.job() === null);
  const milliseconds = performance.now() - begun;
  return { done, milliseconds, frames: await page.evaluate(() => driftSoak.frames()) };
}

async function checkErrors(page: Page): Promise<void> {
  const errors = await page.evaluate(() => driftSoak.errors());
  if (errors.length > 0) throw new Error(errors.join('\n'));
}

function partsOf({ byType }: FamilyMemory): string {
  return [...byType].map(([type, bytes]) => `${type} ${megabytes(bytes)}`).join(', ');
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}
