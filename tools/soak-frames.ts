import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Page } from '@playwright/test';
import { peakDuring } from './soak/peak-during.ts';
import type { FamilyMemory } from './soak/processes.ts';
import { openBrowser, servePage } from './tool-page.ts';

const usage = `Usage: npm run soak:frames -- [--frames N --side PIXELS] [--rate N] [--export KINDS] [--import]

Makes a project of very many frames without a model, in the whole page in Chromium, as fast as it can be kept; then adds,
reloads, scrolls, plays and exports. Without options it does so with 10,000 frames of 128×128 and with 2,000 of 512×512,
which takes some minutes each. With --import most frames are not appended one by one, but imported at once: faster, but they
have no insight. --rate is the frame rate that it plays at, in frames a second (default 30, at most 60). KINDS are some of zip, mp4, drift and gif, with commas (default: all of them; GIF takes by far
the longest). Prints a row of the table in docs/frames.md for each, and to stderr the memory of each process of the browser
before an export and at its peak.

Needs Linux and "npm test -- prepare".`;

/** Number of frames in the short animation whose append times are compared with those at the end. */
const few = 10;
/** Number of frames appended per measurement. */
const sample = 30;
const playFor = 5;

interface Task {
  readonly frames: number;
  readonly side: number;
}

const kinds = ['zip', 'mp4', 'drift', 'gif'] as const;
type FileKind = (typeof kinds)[number];

/** Entry point. See `usage`. */
export async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      frames: { type: 'string' },
      side: { type: 'string' },
      rate: { type: 'string', default: '30' },
      export: { type: 'string' },
      import: { type: 'boolean', default: false },
    },
  });
  const asked = values.export?.split(',') ?? kinds;
  const exports = kinds.filter((kind) => asked.includes(kind));
  const [frames, side] = [Number(values.frames ?? NaN), Number(values.side ?? NaN)];
  const rate = Number(values.rate);
  const plan = { exports, rate, isImported: values.import };
  const isDefault = values.frames === undefined && values.side === undefined;
  const isPossible = isDefault || (frames > few + sample && side >= 64);
  if (!isPossible || !(rate >= 1 && rate <= 60) || exports.length < asked.length) {
    console.error(usage);
    return 2;
  }
  const tasks = isDefault
    ? [
        { frames: 10_000, side: 128 },
        { frames: 2_000, side: 512 },
      ]
    : [{ frames, side }];
  const columns = [...measures(rate), ...exports.map((kind) => names[kind])];
  console.log(`| ${columns.join(' | ')} |\n|${' --- |'.repeat(columns.length)}`);
  for (const task of tasks) console.log(`| ${(await measure(task, plan)).join(' | ')} |`);
  return 0;
}

const measures = (rate: number) => [
  'frames',
  'open',
  'scrolled to',
  'adding at 10, at the end',
  `played at ${rate} a second`,
  'page heap',
];
const names: Readonly<Record<FileKind, string>> = { zip: 'ZIP', mp4: 'MP4', drift: '.drift', gif: 'GIF' };

async function measure(
  { frames, side }: Task,
  {
    exports,
    rate,
    isImported,
  }: { readonly exports: readonly FileKind[]; readonly rate: number; readonly isImported: boolean },
): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'drift-frames-'));
  const server = await servePage('tools/soak/frames/page.html', join(folder, 'dist'));
  const { context, pid } = await openBrowser(join(folder, 'profile'));
  try {
    const page = await context.newPage();
    page.setDefaultTimeout(0);
    await open(page, server.address);
    await page.evaluate((pixels) => driftSoak.begin(pixels), side);
    await add(page, few, side);
    const early = middle(await add(page, sample, side));
    if (isImported) {
      await page.evaluate(([count, pixels]) => driftSoak.fill(count, pixels), [
        frames - sample,
        side,
      ] as const);
    }
    for (let made = isImported ? frames : few + sample; made < frames - sample; made += 200) {
      await add(page, Math.min(200, frames - sample - made), side);
      console.error(`${Math.min(frames, made + 200)} of ${frames} frames`);
    }
    const late = middle(await add(page, sample, side));

    await open(page, server.address);
    const opened = await page.evaluate(() => driftSoak.reopen());
    const there = await page.evaluate(() => driftSoak.frames());
    if (there !== frames) throw new Error(`${there} of ${frames} frames are there after a reload`);
    await page.getByRole('group', { name: 'Film strip' }).waitFor();
    const scrolled: number[] = [];
    for (const share of [0.5, 0.1, 0.9, 0]) {
      scrolled.push(await page.evaluate((to) => driftSoak.scroll(to), share));
    }
    const played = await page.evaluate((how) => driftSoak.play(...how), [rate, playFor] as const);
    const heap = await heapOf(page);
    const figures = [
      `${(opened / 1000).toFixed(1)} s`,
      `${Math.round(Math.max(...scrolled))} ms`,
      `${early.toFixed(1)}, ${late.toFixed(1)} ms`,
      `${played.shown} shown, ${played.late} late`,
    ];
    console.error(`${figures.join(', ')}, heap ${megabytes(heap)}`);
    const files: string[] = [];
    for (const kind of exports) {
      const { seconds, bytes, before, peak } = await exported(page, kind, pid);
      const memory = `${megabytes(before.total)} before, peak ${megabytes(peak.total)}`;
      files.push(`${megabytes(bytes)} in ${Math.round(seconds)} s, ${memory}`);
      console.error(`${kind}: ${files.at(-1)} (${partsOf(before)}; ${partsOf(peak)})`);
    }
    const errors = await page.evaluate(() => driftSoak.errors());
    if (errors.length > 0) throw new Error(errors.join('\n'));
    return [
      `${frames} of ${side}×${side}`,
      ...figures,
      megabytes(Math.max(heap, await heapOf(page))),
      ...files,
    ];
  } finally {
    await context.close();
    await server.close();
    await rm(folder, { recursive: true });
  }
}

async function open(page: Page, address: string): Promise<void> {
  await page.goto(address);
  await page.waitForFunction(() => 'driftSoak' in globalThis);
}

function add(page: Page, count: number, side: number): Promise<number[]> {
  return page.evaluate(([frames, pixels]) => driftSoak.add(frames, pixels), [count, side] as const);
}

function partsOf({ byType }: FamilyMemory): string {
  return [...byType].map(([type, bytes]) => `${type} ${megabytes(bytes)}`).join(', ');
}

/** Exports a file: its duration in seconds, its size in bytes, and the memory before and at the peak. */
async function exported(page: Page, kind: FileKind, browser: number) {
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  await session.detach();
  const { value: bytes, ...taken } = await peakDuring(browser, () =>
    page.evaluate((format) => driftSoak.export(format), kind),
  );
  return { bytes, ...taken };
}

/** JavaScript heap of the page after garbage collection, including buffers, in bytes. */
async function heapOf(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize, backingStorageSize } = await session.send('Runtime.getHeapUsage');
  await session.detach();
  return usedSize + backingStorageSize;
}

function middle(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN;
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}
