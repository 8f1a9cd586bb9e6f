import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Page } from '@playwright/test';
import type { Picture } from '../src/base/index.ts';
import type { ExportOptions } from '../src/project/index.ts';
import { frameSide, modelFrames, photographFrames } from './formats/frames.ts';
import { decodeByFfmpeg, encodeByFfmpeg, ffmpegRows, flickerOf, likenessOf } from './formats/with-ffmpeg.ts';
import type { RawFrames } from './formats/with-ffmpeg.ts';
import { writePng } from './png.ts';
import { familyOf, listProcesses } from './soak/processes.ts';
import { openBrowser, servePage } from './tool-page.ts';

const usage = `Usage: npm run measure:formats -- [--only FORMATS] [--frames DIR]

Writes 60 frames of the built-in model, and 60 of photographs, to each format of the Export dialog, in Chromium, and with
the installed ffmpeg. Prints the tables of docs/formats.md: bytes, processor time, likeness and flicker. FORMATS are some of
gif, mp4, webm, av1, webp and apng, with commas. The model's frames take some minutes; they are kept in DIR (default:
.cache/formats), and taken from there.

Needs Linux, ffmpeg and "npm test -- prepare".`;

type Compared = keyof typeof ffmpegRows;
const comparedFormats = ['gif', 'mp4', 'webm', 'av1', 'webp', 'apng'] as const satisfies readonly Compared[];

const frameRate = 10;

interface OwnRow {
  readonly name: string;
  readonly format: Compared;
  readonly options: Partial<ExportOptions>;
}

const ownRows: readonly OwnRow[] = [
  { name: 'GIF, no dithering', format: 'gif', options: { format: 'gif', dither: 'none' } },
  { name: 'GIF, pattern (default)', format: 'gif', options: { format: 'gif', dither: 'ordered' } },
  { name: 'GIF, error diffusion', format: 'gif', options: { format: 'gif', dither: 'diffusion' } },
  {
    name: 'GIF, error diffusion, one palette a frame',
    format: 'gif',
    options: { format: 'gif', dither: 'diffusion', palettes: 'per-frame' },
  },
  { name: 'MP4, the browser’s encoder', format: 'mp4', options: { format: 'mp4' } },
  { name: 'MP4, x264 in WebAssembly', format: 'mp4', options: { format: 'mp4', videoEncoder: 'x264' } },
  { name: 'WebM, VP9', format: 'webm', options: { format: 'webm' } },
  { name: 'WebM, AV1', format: 'av1', options: { format: 'webm', webmCodec: 'av1' } },
  { name: 'WebP', format: 'webp', options: { format: 'webp' } },
  { name: 'APNG', format: 'apng', options: { format: 'apng' } },
];

/** Entry point. See `usage`. */
export async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: { only: { type: 'string' }, frames: { type: 'string', default: '.cache/formats' } },
  });
  const asked = values.only?.split(',') ?? comparedFormats;
  const formats = comparedFormats.filter((format) => asked.includes(format));
  if (formats.length < asked.length) {
    console.error(usage);
    return 2;
  }
  const stop = new AbortController();
  process.once('SIGINT', () => {
    stop.abort();
  });
  await mkdir(values.frames, { recursive: true });
  const sets = [
    { name: 'built-in model', pictures: await modelFrames(values.frames, stop.signal) },
    { name: 'photographs', pictures: photographFrames() },
  ];
  const folder = await mkdtemp(join(tmpdir(), 'drift-formats-'));
  const server = await servePage('tools/formats/page.html', join(folder, 'dist'));
  const { context, pid } = await openBrowser(join(folder, 'profile'));
  try {
    const page = await context.newPage();
    page.setDefaultTimeout(0);
    await page.goto(server.address);
    await page.waitForFunction(() => 'driftFormats' in globalThis);
    for (const { name, pictures } of sets) {
      const table = { page, browser: pid, folder, pictures, formats };
      console.log(`\n| ${[name, 'bytes', 'seconds', 'SSIM', 'areas', 'flicker'].join(' | ')} |`);
      console.log('| --- | ---: | ---: | ---: | ---: | ---: |');
      for await (const row of rowsOf(table)) console.log(`| ${row.join(' | ')} |`);
    }
    return 0;
  } finally {
    await context.close();
    await server.close();
    await rm(folder, { recursive: true });
  }
}

interface TableTask {
  readonly page: Page;
  readonly browser: number;
  readonly folder: string;
  readonly pictures: readonly Picture[];
  readonly formats: readonly Compared[];
}

/** Rows of a table: of each format Drift's files, then ffmpeg's. */
async function* rowsOf({ page, browser, folder, pictures, formats }: TableTask): AsyncGenerator<string[]> {
  const wanted = Buffer.concat(pictures.map(({ data }) => Buffer.from(data.filter((_, at) => at % 4 !== 3))));
  const raw: RawFrames = { file: join(folder, 'wanted.rgb'), side: frameSide, frameRate };
  await writeFile(raw.file, wanted);
  const pngs = pictures.map((picture) => Buffer.from(writePng(picture)).toString('base64'));
  await page.evaluate(
    ([files, side]) => {
      driftFormats.load(files, side, side);
    },
    [pngs, frameSide] as const,
  );

  const judged = async (
    name: string,
    bytes: Buffer,
    seconds: number,
    extension: string,
  ): Promise<string[]> => {
    const decoded = await decode(page, bytes, extension, folder);
    if (decoded.length !== wanted.length) {
      throw new Error(`${name} has ${decoded.length / 3 / frameSide ** 2} frames.`);
    }
    const file = join(folder, 'shown.rgb');
    await writeFile(file, decoded);
    const { ssim, areas } = await likenessOf({ ...raw, file }, raw);
    const flicker = flickerOf(decoded, wanted, frameSide);
    return [
      name,
      bytes.length.toLocaleString('en'),
      seconds.toFixed(1),
      ssim.toFixed(3),
      areas === Infinity ? 'equal' : `${areas.toFixed(1)} dB`,
      Number.isNaN(flicker) ? '–' : flicker.toFixed(1),
    ];
  };

  for (const format of formats) {
    for (const { name, options } of ownRows.filter((row) => row.format === format)) {
      const before = await processorSeconds(browser);
      const encoder = await page.evaluate((changed) => driftFormats.write(changed), {
        ...options,
        frameRate,
      });
      const seconds = (await processorSeconds(browser)) - before;
      if ((encoder === 'ffmpeg') !== (options.videoEncoder === 'x264')) {
        throw new Error(`${name} was written by ${encoder}.`);
      }
      const base64 = await page.evaluate(() => driftFormats.written());
      yield judged(name, Buffer.from(base64, 'base64'), seconds, extensionOf(format));
    }
    const row = ffmpegRows[format];
    const { bytes, seconds } = await encodeByFfmpeg(raw, row, folder);
    yield judged(`ffmpeg: ${row.name}`, bytes, seconds, extensionOf(format));
  }
}

function extensionOf(format: Compared): string {
  return ffmpegRows[format].extension;
}

/** Frames of a file as RGB, by ffmpeg, or by the browser: ffmpeg reads no animated WebP. */
async function decode(page: Page, bytes: Buffer, extension: string, folder: string): Promise<Buffer> {
  if (extension === 'webp') {
    const frames = await page.evaluate(
      (file) => driftFormats.decode(file, 'image/webp'),
      bytes.toString('base64'),
    );
    return Buffer.concat(frames.map((frame) => Buffer.from(frame, 'base64')));
  }
  const file = join(folder, `written.${extension}`);
  await writeFile(file, bytes);
  return decodeByFfmpeg(file, folder);
}

/** Processor time of all processes of a browser so far, in seconds. */
async function processorSeconds(browser: number): Promise<number> {
  const family = familyOf(browser, await listProcesses());
  return family.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0);
}
