import { parseArgs } from 'node:util';
import { chromium } from '@playwright/test';
import type { Browser, JSHandle, Page } from '@playwright/test';
import { preview } from 'vite';
import { machineNames, readRig } from '../tests/rig/machines.ts';
import type { Machine } from '../tests/rig/machines.ts';

const usage = `Usage: npm run bench:page -- [--machine cpu|float16|float32] [--rounds N] [--frames N] [--picks N]
         [--model URL]

Opens the built page in Chromium, as a visitor who was never there, and prints in seconds how long it takes until the
model is ready, and each of N frames (default 0) at the model's own settings: medians of N rounds (default 5), once with
?backend=cpu and once with its GPU, also one that computes on the processor; and the tasks over 50 ms that the page's thread
had while frames were made, in milliseconds. With --picks, also how long a click on a variant takes, N
times each round, until the round after it, which speculation has finished, is on the screen. Needs "npm run build" and
"npm test -- prepare".`;

const backends = ['cpu', 'software'] as const;

/** Entry point. See `usage`. */
export async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      machine: { type: 'string', default: 'cpu' },
      rounds: { type: 'string', default: '5' },
      frames: { type: 'string', default: '0' },
      picks: { type: 'string', default: '0' },
      model: { type: 'string' },
    },
  });
  const machine = readRig()?.machines.find(({ name }) => name === values.machine);
  const { model } = values;
  const [rounds, frames, picks] = [Number(values.rounds), Number(values.frames), Number(values.picks)];
  if (!machine || !(rounds >= 1) || !(frames >= 0) || !(picks >= 0)) {
    console.error(`${usage}\nMachines: ${machineNames.join(', ')}.`);
    return 2;
  }
  for (const backend of backends) {
    const speeds = await pageSpeed(machine, { backend, rounds, frames, picks, model });
    const ready = median(speeds.map((speed) => speed.ready));
    const made = median(speeds.flatMap((speed) => speed.frames));
    const shown = speeds.flatMap((speed) => speed.picks).map((seconds) => Math.round(1000 * seconds));
    const frame = frames > 0 ? `, a frame ${made.toFixed(2)} s` : '';
    const long = speeds.flatMap((speed) => speed.longTasks).map(Math.round);
    const tasks = frames > 0 ? `, tasks over 50 ms: ${long.join(', ') || 'none'}` : '';
    const pick = picks > 0 ? `, a finished round ${median(shown)} ms (${shown.join(', ')})` : '';
    console.log(
      `${machine.name}, backend ${backend}: ready after ${ready.toFixed(2)} s${frame}${tasks}${pick}`,
    );
  }
  return 0;
}

export interface PageSpeed {
  /** Seconds from navigation until a frame can be generated. */
  readonly ready: number;
  /** Seconds per frame, without the first, which includes loading and compiling. */
  readonly frames: readonly number[];
  /** Durations in milliseconds of the tasks over 50 ms of the page's thread while these frames were made. */
  readonly longTasks: readonly number[];
  /** Seconds from the click on a candidate until the finished next round is on the screen. */
  readonly picks: readonly number[];
}

export interface PageSpeedOptions {
  readonly backend: (typeof backends)[number];
  readonly rounds: number;
  /** Number of frames per round, besides the first. */
  readonly frames: number;
  /** Number of candidates to pick by hand, each after speculation has finished the next round. */
  readonly picks?: number;
  /** URL of a manifest; default: the built-in model. */
  readonly model?: string | undefined;
}

/** Measures the built page (`dist`) on a machine of the test rig. */
export async function pageSpeed(machine: Machine, options: PageSpeedOptions): Promise<PageSpeed[]> {
  const server = await preview({ configFile: 'vite.config.ts', preview: { host: '127.0.0.1', port: 0 } });
  const { executablePath, args, env } = machine;
  const browser = await chromium.launch({ executablePath, args, env: { ...process.env, ...env } });
  try {
    const address = new URL(server.resolvedUrls?.local[0] ?? '');
    address.searchParams.set('backend', options.backend);
    if (options.model !== undefined) address.searchParams.set('model', options.model);
    const speeds: PageSpeed[] = [];
    for (let round = 0; round < options.rounds; round++) {
      speeds.push(await visit(browser, address.href, options));
    }
    return speeds;
  } finally {
    await browser.close();
    await server.close();
  }
}

/** One visit in a fresh browser context, with empty caches. */
async function visit(
  browser: Browser,
  address: string,
  { frames, picks = 0 }: PageSpeedOptions,
): Promise<PageSpeed> {
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    await page.goto(address);
    await page.getByRole('contentinfo').getByText('Runs on', { exact: true }).waitFor({ timeout: 300_000 });
    const ready = await now(page);
    const times: number[] = [];
    let longTasks: number[] = [];
    if (frames + picks > 0) {
      await page.getByRole('list', { name: 'Examples' }).getByRole('button').first().click();
    }
    if (frames > 0) {
      await page.getByRole('spinbutton', { name: 'Frames', exact: true }).fill(String(frames + 1));
      await page.getByRole('button', { name: 'Generate', exact: true }).click();
      let observed: JSHandle<number[]> | null = null;
      for (let frame = 1; frame <= frames + 1; frame++) {
        const picture = page.getByRole('img', { name: `Frame ${frame}`, exact: true });
        await picture.first().waitFor({ timeout: 300_000 });
        times.push(await now(page));
        if (frame === 1) observed = await observeLongTasks(page);
      }
      longTasks = (await observed?.jsonValue()) ?? [];
    }
    return {
      ready,
      longTasks,
      frames: times.slice(1).map((time, index) => time - (times[index] ?? NaN)),
      picks: picks > 0 ? await pickSpeed(page, picks) : [],
    };
  } finally {
    await context.close();
  }
}

/** Picks the first candidate repeatedly, each time after speculation has finished the next round. */
async function pickSpeed(page: Page, picks: number): Promise<number[]> {
  await page.getByRole('tab', { name: 'Pick by hand' }).click();
  await page.getByRole('button', { name: 'Generate', exact: true }).click();
  const variant = page.getByRole('group', { name: 'Variants' }).getByRole('button').first();
  const times: number[] = [];
  for (let pick = 0; pick < picks; pick++) {
    await variant.hover();
    await variant.and(page.locator('[title*="is ready"]')).waitFor({ timeout: 300_000 });
    times.push(
      await variant.evaluate(
        (button) =>
          new Promise<number>((resolve) => {
            const began = performance.now();
            if (button instanceof HTMLElement) button.click();
            // At the second animation frame the first one, with the round, has been presented.
            requestAnimationFrame(() => {
              requestAnimationFrame(() => {
                resolve((performance.now() - began) / 1000);
              });
            });
          }),
      ),
    );
  }
  return times;
}

/** Collects the durations of the page's long tasks (W3C Long Tasks: over 50 ms) from now on, in milliseconds. */
function observeLongTasks(page: Page): Promise<JSHandle<number[]>> {
  return page.evaluateHandle(() => {
    const durations: number[] = [];
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) durations.push(duration);
    }).observe({ type: 'longtask' });
    return durations;
  });
}

/** Seconds since navigation. */
function now(page: Page): Promise<number> {
  return page.evaluate(() => performance.now() / 1000);
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}
