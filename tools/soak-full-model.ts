import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { preview } from 'vite';
import { readRig } from '../tests/rig/machines.ts';
import { openFolder } from '../tests/support/hub/folder.ts';
import { startHub } from '../tests/support/hub/index.ts';
import { published } from '../tests/support/hub/published.ts';
import { writeSource } from './full-model.ts';
import { imageVariations, sizes } from './full-model/model.ts';
import type { ModelSize } from './full-model/model.ts';
import { Visit } from './soak/browser.ts';
import * as journey from './soak/journey.ts';
import {
  checks,
  downloadFigures,
  figures,
  frameFigures,
  loadFigures,
  peakFigures,
  tableHead,
  tableRow,
} from './soak/report.ts';
import type { Measured } from './soak/report.ts';
import { bytesOf, checkDiskSpace, modelIn } from './soak/disk-space.ts';
import { attemptTimes } from './soak/times.ts';
import { ratesIn } from './soak/traffic.ts';
import { Watch } from './soak/watch.ts';

const usage = `Usage: npm run soak:full-model -- [--size full|small] [--model DIR] [--out FILE] [--line MB] [--keep]

Uses the full model as a user would, in the built page in Chromium on the software GPU with float16: downloads it from
a hub on localhost, killing the browser twice on the way, loads it, makes a frame of 256×256 in 2 steps, reloads the
page and loads it from disk. Prints on standard output what that took, as JSON and as a row of the README's table, and on
standard error how far it is. The full size may take an hour, the small one a minute.

  --model DIR   the model as the hub has it, as "npm run full-model -- --out DIR" writes it; written there if DIR is empty.
                Without it, it is written into a temporary folder: 4.6 GB, besides 2.6 GB for the browser.
  --out FILE    writes the JSON there as well
  --line MB     the most megabytes a second that the hub sends (default: no limit; 0.1 for the small model)
  --keep        keeps the temporary folder, with the browser's profile in it

Needs Linux, "npm run build" and "npm test -- prepare".`;

/** Progress of the download, from 0 to 1, at which the browser is killed. */
const kills = [0.3, 0.65];
/** Side of the frame, in pixels. */
const side = 256;
/**
 * Bandwidth limit for the small model, in bytes per second: without one its download would end before it could be
 * killed.
 */
const smallLine = 1e5;

/** Entry point. See `usage`. */
export async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      size: { type: 'string', default: 'full' },
      model: { type: 'string' },
      out: { type: 'string' },
      line: { type: 'string' },
      keep: { type: 'boolean', default: false },
    },
  });
  const size = sizes.find((name) => name === values.size);
  const line = values.line === undefined ? null : 1e6 * Number(values.line);
  if (size === undefined || (line !== null && !(line > 0))) {
    console.error(usage);
    return 2;
  }
  const interrupted = new AbortController();
  const interrupt = () => {
    interrupted.abort();
  };
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  const folder = await mkdtemp(join(tmpdir(), 'drift-soak-'));
  try {
    const measured = await soak({
      size,
      line: line ?? (size === 'small' ? smallLine : null),
      model: resolve(values.model ?? join(folder, 'hub')),
      folder,
      signal: interrupted.signal,
    });
    return await report(measured, values.out);
  } catch (error) {
    if (interrupted.signal.aborted) {
      console.error('Interrupted. Nothing that was started is left.');
      return 130;
    }
    console.error(wordsOf(error));
    return 1;
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
    if (values.keep) console.error(`Kept: ${folder}`);
    else await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Message and stack of an error, without the browser logs that Playwright appends. */
function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const [what = ''] = error.message.split(/\n(?:Browser logs|Call log):/);
  const where = (error.stack ?? '').split('\n').filter((line) => line.startsWith('    at '));
  return [what, ...where].join('\n');
}

async function report(measured: Measured, out: string | undefined): Promise<number> {
  const held = checks(measured, side);
  const json = JSON.stringify({ ...figures(measured), checks: held }, null, 2);
  if (out !== undefined) await writeFile(out, `${json}\n`);
  console.log(json);
  console.log(`\n| ${tableHead.join(' | ')} |\n|${' --- |'.repeat(tableHead.length)}\n${tableRow(measured)}`);
  const failed = Object.entries(held).filter(([, holds]) => !holds);
  for (const [what] of failed) console.error(`FAILED: ${what}`);
  return failed.length === 0 ? 0 : 1;
}

interface SoakOptions {
  readonly size: ModelSize;
  readonly line: number | null;
  /** Folder of the model in the hub's layout. */
  readonly model: string;
  /** Folder for temporary files. */
  readonly folder: string;
  readonly signal: AbortSignal;
}

/**
 * Runs the whole journey and cleans up.
 *
 * @throws Error if a step fails
 */
async function soak({ size, line, model, folder, signal }: SoakOptions): Promise<Measured> {
  const machine = readRig()?.machines.find(({ name }) => name === 'float16');
  if (!machine) throw new Error('There is no Chromium with the software GPU. Run "npm test -- prepare".');
  if (!existsSync('dist/index.html')) throw new Error('There is no built page. Run "npm run build".');
  const { installed } = await provide(model, size, folder, signal);

  /** Cleanup functions, called in reverse order. */
  const ends: (() => Promise<unknown>)[] = [];
  try {
    const { files, close } = await openFolder(model);
    ends.push(close);
    const hub = await startHub(published(files));
    ends.push(() => hub.close());
    if (line !== null) hub.inject({ faults: [{ kind: 'throttle', bytesPerSecond: line }] });
    const pages = await preview({ configFile: 'vite.config.ts', preview: { host: '127.0.0.1', port: 0 } });
    ends.push(() => pages.close());
    const address = new URL(pages.resolvedUrls?.local[0] ?? '');
    address.searchParams.set('hub', hub.url);
    address.searchParams.set('gpu', 'software');

    // On the hub, safetensors and PyTorch weights are float32; the CLIP towers are ONNX files in float16.
    const watch = new Watch(hub.requests, (path) => /\.(safetensors|bin)$/.test(path));
    ends.push(() => watch.end());
    ends.push(async () => {
      const { visit } = watch;
      if (visit?.ended === false) watch.log(`stopped in ${watch.phase}: ${visit.state}`);
      await visit?.kill();
    });
    const begin = async () => {
      watch.visit = await Visit.begin({
        machine,
        profile: join(folder, 'profile'),
        signal,
        onHeap: (worker, heap) => {
          watch.peaks.note(watch.phase, worker, heap);
        },
      });
      await journey.open(watch.visit, address.href);
      if ((await journey.quota(watch.visit.page)) >= installed) return watch.visit;
      throw new Error(`This browser lets a page keep less than the ${installed} bytes of the model.`);
    };

    const toolBefore = process.cpuUsage();
    const attempts: Measured['attempts'][number][] = [];
    for (const kill of kills) {
      const visit = await begin();
      attempts.push(await attempt(visit, watch, attempts.length > 0, kill));
      watch.log(`killed at ${Math.round(100 * (attempts.at(-1)?.times.to ?? 0))} %`);
    }
    const visit = await begin();
    attempts.push(await attempt(visit, watch, true, null));
    const { user, system } = process.cpuUsage(toolBefore);
    const cpu = { tool: (user + system) / 1e6, browser: watch.peaks.cpuSeconds };
    // Reported at once, in case a later step fails.
    const say = (what: string, found: object) => {
      const memory = peakFigures(watch.peaks.of(watch.phase));
      watch.log(`${what}: ${JSON.stringify({ ...found, memory })}`);
    };
    say('the model is whole', downloadFigures({ attempts, cpu }));
    const quotaBytes = await journey.quota(visit.page);

    watch.phase = 'load';
    const load = await journey.use(visit);
    say('the model is loaded', loadFigures(load));
    const runsOn = await journey.runsOn(visit.page);

    watch.phase = 'frame';
    const times = await journey.makeFrame(visit, { Width: side, Height: side, Steps: 2, Frames: 1 });
    const picture = await journey.firstFrame(visit.page);
    const notices = visit.events.flatMap((each) =>
      each.kind === 'generate' && each.event.kind === 'notice' ? [each.event.message ?? ''] : [],
    );
    const frame = { ...times, picture, notices };
    say('the frame is there', frameFigures(frame));

    watch.phase = 'reload';
    const before = hub.requests.length;
    const reload = await journey.reload(visit);
    watch.log('the model is loaded from disk');
    await visit.close();
    const [processor] = cpus();
    return {
      machine: {
        cores: cpus().length,
        processor: processor?.model ?? '',
        memoryBytes: totalmem(),
        browser: visit.version,
        runsOn,
        quotaBytes,
      },
      size,
      line,
      attempts,
      cpu,
      load,
      frame,
      reload: { ...reload, hubRequests: hub.requests.length - before },
      peaks: watch.peaks,
    };
  } finally {
    for (const end of ends.reverse()) {
      // An earlier error takes precedence, and the remaining cleanup has to run.
      await end().catch((error: unknown) => {
        console.error(error);
      });
    }
  }
}

/** One attempt at the download: to its end, or until the browser is killed at the fraction `kill`. */
async function attempt(
  visit: Visit,
  watch: Watch,
  resumes: boolean,
  kill: number | null,
): Promise<Measured['attempts'][number]> {
  const sentBefore = watch.sentBytes;
  let resumed: string | null = null;
  if (resumes) resumed = await journey.resume(visit);
  else await journey.startDownload(visit);
  let ended: number;
  if (kill === null) {
    ended = await journey.downloadEnds(visit);
  } else {
    ended = await journey.downloadReaches(visit, kill);
    await visit.kill();
    watch.visit = null;
  }
  const times = attemptTimes(visit.events, ended);
  const rates = ratesIn(watch.sent, times.began, ended);
  return { resumed, times, sentBytes: watch.sentBytes - sentBefore, rates };
}

/**
 * Writes the model if it is missing, after checking for disk space. Returns the maximum size in bytes of the model in
 * the browser.
 */
async function provide(
  model: string,
  size: ModelSize,
  folder: string,
  signal: AbortSignal,
): Promise<{ readonly installed: number }> {
  const { published, installed } = bytesOf(size);
  const found = await modelIn(model, size);
  await checkDiskSpace([
    { folder: model, bytes: found === 'missing' ? published : 0 },
    { folder, bytes: installed },
  ]);
  if (found === 'missing') {
    console.error(`Writing the ${size} model to ${model}, ${(published / 1e9).toFixed(1)} GB.`);
    for (const [path, source] of imageVariations(size, 'safetensors')) {
      signal.throwIfAborted();
      await writeSource(join(model, path), source);
    }
  }
  return { installed };
}
