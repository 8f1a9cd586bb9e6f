import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Page } from '@playwright/test';
import { preview } from 'vite';
import { serveModel } from '../tests/page/model-server.ts';
import { readRig } from '../tests/rig/machines.ts';
import { seeded } from './fuzz/random.ts';
import type { Random } from './fuzz/random.ts';
import { targets } from './fuzz/targets.ts';
import { Visit } from './soak/browser.ts';
import { keptFrames, lostFrames } from './soak/kept.ts';
import type { KeptFrames } from './soak/kept.ts';

const usage = `Usage: npm run soak:kills -- [--kills N] [--seed N]

Kills Chromium (SIGKILL, all of its processes) at N random moments (default 50) of generating, saving, importing and
installing, with the small model of the tests. Opens the page again after each and checks that every frame that it had
shown as kept is there, bit for bit. Prints the seed that repeats the same moments, and exits with 1 when one was lost.

Needs Linux, "npm run build" and "npm test -- prepare".`;

/** Timeout of page actions, in milliseconds. */
const timeout = 600_000;
/** Maximum time from the start of an action to the kill, in milliseconds. */
const latest = 6000;

const actions = ['generate', 'save', 'import', 'install'] as const;
type Action = (typeof actions)[number];

/** Entry point. See `usage`. */
export async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      kills: { type: 'string', default: '50' },
      seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 30)) },
    },
  });
  const [kills, seed] = [Number(values.kills), Number(values.seed)];
  if (!Number.isSafeInteger(kills) || kills < 1 || !Number.isSafeInteger(seed)) {
    console.error(usage);
    return 2;
  }
  const machine = readRig()?.machines.find(({ name }) => name === 'cpu');
  if (!machine) throw new Error('There is no Chromium. Run "npm test -- prepare".');
  if (!existsSync('dist/index.html')) throw new Error('There is no built page. Run "npm run build".');

  const folder = await mkdtemp(join(tmpdir(), 'drift-kills-'));
  const model = await serveModel();
  const pages = await preview({ configFile: 'vite.config.ts', preview: { host: '127.0.0.1', port: 0 } });
  const stop = new AbortController();
  const visits: Visit[] = [];
  try {
    const address = new URL(pages.resolvedUrls?.local[0] ?? '');
    address.searchParams.set('model', model.manifest);
    const project = join(folder, 'seed.drift');
    const [archive] = await targets.drift.seeds();
    if (archive) await writeFile(project, archive);
    const begin = async () => {
      const profile = join(folder, 'profile');
      const visit = await Visit.begin({ machine, profile, signal: stop.signal, onHeap: () => undefined });
      visits.push(visit);
      await visit.page.goto(address.href);
      await visit.page.getByRole('button', { name: 'Generate', exact: true }).waitFor({ timeout });
      return visit;
    };
    return await soak({ kills, random: seeded(seed), seed, begin, project, manifest: model.manifest });
  } finally {
    await visits.at(-1)?.kill();
    await pages.close();
    await model.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

interface Soak {
  readonly kills: number;
  readonly random: Random;
  readonly seed: number;
  readonly begin: () => Promise<Visit>;
  /** Path of a `.drift` file to import. */
  readonly project: string;
  /** URL of the manifest of a model to install. */
  readonly manifest: string;
}

async function soak({ kills, random, seed, begin, project, manifest }: Soak): Promise<number> {
  const kept = new Map<string, string>();
  let lost = 0;
  const times = new Map<Action, number>();
  const check = async (page: Page, when: string) => {
    const { stored, shown } = await waitForKept(page);
    const gone = lostFrames(kept, stored);
    const complaints = await page.getByText(/(frame is|frames are) lost/).count();
    if (gone.length > 0 || complaints > 0) {
      lost += Math.max(gone.length, complaints);
      console.error(`${when}: lost ${gone.join(', ')}; the page reports ${complaints} losses`);
      for (const path of gone) kept.delete(path);
    }
    for (const [path, sum] of shown) kept.set(path, sum);
  };

  // Frames are made first, so that there is something to lose.
  const first = await begin();
  await act(first.page, 'generate', { project, manifest });
  await first.page.getByRole('img', { name: 'Frame 2', exact: true }).waitFor({ timeout });
  await check(first.page, 'before the first kill');
  await first.kill();
  for (let kill = 1; kill <= kills; kill++) {
    const visit = await begin();
    const { page } = visit;
    await check(page, `after kill ${kill - 1}`);
    const action = random.pick(actions);
    times.set(action, (times.get(action) ?? 0) + 1);
    const moment = random.below(latest);
    await act(page, action, { project, manifest });
    const end = performance.now() + moment;
    while (performance.now() < end) {
      // Frames that the page reports as kept right before the kill count too.
      const now = await keptFrames(page);
      for (const [path, sum] of now?.shown ?? []) kept.set(path, sum);
    }
    await visit.kill();
    console.error(`kill ${kill} of ${kills}: ${action}, after ${moment} ms; ${kept.size} frames kept`);
  }
  const last = await begin();
  await check(last.page, `after kill ${kills}`);
  await last.close();
  const of = [...times].map(([action, count]) => `${action} ${count}`).join(', ');
  console.log(`${kills} kills (${of}), ${kept.size} frames kept, ${lost} lost, seed ${seed}`);
  return lost === 0 ? 0 : 1;
}

/** Waits until the page reports that its frames are kept. */
async function waitForKept(page: Page): Promise<KeptFrames> {
  const end = performance.now() + timeout;
  for (;;) {
    const found = await keptFrames(page);
    if (found) return found;
    if (performance.now() > end) {
      const words = await page.locator('body').innerText();
      throw new Error(`The page does not say that its frames are kept. It says:\n${words}`);
    }
  }
}

async function act(
  page: Page,
  action: Action,
  { project, manifest }: { readonly project: string; readonly manifest: string },
): Promise<void> {
  const button = (name: string) => page.getByRole('button', { name, exact: true });
  const field = page.getByRole('spinbutton', { name: 'Steps', exact: true });
  switch (action) {
    case 'generate': {
      const example = page.getByRole('list', { name: 'Examples' }).getByRole('button').first();
      if (await example.isVisible()) await example.click();
      await field.fill('2');
      await field.blur();
      await button('Generate').click({ timeout });
      return;
    }
    case 'save':
      for (const steps of [3, 4, 5]) {
        await field.fill(String(steps));
        await field.blur();
      }
      return;
    case 'import':
      await button('Projects').click();
      await page.getByLabel('Import a project').setInputFiles(project);
      return;
    case 'install':
      await page.getByRole('button', { name: /^Models/ }).click();
      await page.getByText('Add a model').click();
      await page.getByRole('textbox', { name: 'Hub id or address of a manifest' }).fill(manifest);
      await button('Look').click();
      await button('Download')
        .click({ timeout: 5000 })
        .catch(() => undefined);
      return;
  }
}
