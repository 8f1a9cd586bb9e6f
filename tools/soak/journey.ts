/** User actions, from the first visit to the first frame and the next visit. */
import { setTimeout as wait } from 'node:timers/promises';
import type { Page } from '@playwright/test';
import type { Visit } from './browser.ts';
import { frameTimes, loadTimes } from './times.ts';
import type { FrameTimes, LoadTimes } from './times.ts';

/** Timeout of slow operations, in seconds: software GPUs compile shaders for minutes. */
const longTimeout = 2400;
/** Timeout of UI elements that should be visible already, in milliseconds. */
const uiTimeout = 30_000;

const fullName = 'Stable Diffusion image variations';

/** Opens the page, and waits until the built-in model is loaded. */
export async function open(visit: Visit, address: string): Promise<void> {
  await visit.page.goto(address);
  await visit.waitFor('the built-in model', longTimeout, 0, ready);
}

const ready = (event: Visit['events'][number]) => event.kind === 'result' && event.method === 'load';

function button(page: Page, name: string) {
  return page.getByRole('button', { name, exact: true });
}

/** Starts the download of the full model from the Models dialog. */
export async function startDownload({ page }: Visit): Promise<void> {
  await page.getByRole('button', { name: /^Models/ }).click();
  await button(page, 'Get the full model').click();
  await button(page, 'Download').click({ timeout: 10 * uiTimeout });
}

/**
 * Resumes an interrupted download by the button that the page offers for it.
 *
 * @returns where the button was found
 */
export async function resume(visit: Visit): Promise<'notice' | 'list' | 'beginning'> {
  const { page } = visit;
  const found = button(page, 'Resume').first();
  if (await isThere(found)) {
    await found.click();
    return 'notice';
  }
  // The browser had not yet written the page's local storage; the model's files may still exist.
  await page.getByRole('button', { name: /^Models/ }).click();
  const row = page.getByRole('list', { name: 'Installed models' }).getByRole('button', { name: 'Resume' });
  if (await isThere(row)) {
    await row.click();
    return 'list';
  }
  await closeDialog(page);
  await startDownload(visit);
  return 'beginning';
}

/** Closes the Models dialog, if open. */
async function closeDialog(page: Page): Promise<void> {
  const dialog = page.getByRole('dialog', { name: 'Models' });
  if (!(await dialog.isVisible())) return;
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'hidden', timeout: uiTimeout });
}

async function isThere(locator: ReturnType<typeof button>): Promise<boolean> {
  return locator.waitFor({ timeout: uiTimeout / 6 }).then(
    () => true,
    () => false,
  );
}

/**
 * Waits for a fraction of the download (0 to 1). Returns the time in milliseconds since 1970.
 *
 * @throws Error if the download ends before the fraction was observed
 */
export async function downloadReaches(visit: Visit, share: number): Promise<number> {
  const event = await visit.waitFor(
    `${Math.round(100 * share)} % of the download`,
    longTimeout,
    0,
    (each) =>
      (each.kind === 'result' && each.method === 'get') ||
      (each.kind === 'get' &&
        each.event.kind === 'progress' &&
        each.event.stage === 'download' &&
        each.event.done >= share * each.event.of),
  );
  if (event.kind === 'result') throw new Error('The download ended before the browser could be killed.');
  return event.at;
}

/** Waits for the end of the download. Returns the time in milliseconds since 1970. */
export async function downloadEnds(visit: Visit): Promise<number> {
  const { at } = await visit.waitFor(
    'the end of the download',
    longTimeout,
    0,
    (each) => each.kind === 'result' && each.method === 'get',
  );
  return at;
}

/** Switches to the downloaded model and waits until it is loaded. */
export async function use(visit: Visit): Promise<LoadTimes> {
  const before = visit.events.length;
  await closeDialog(visit.page);
  await button(visit.page, 'Use it').first().click();
  await visit.waitFor('the full model', longTimeout, before, ready);
  await modelIsNamed(visit.page);
  return loadTimes(visit.events);
}

async function modelIsNamed(page: Page): Promise<void> {
  await page.getByRole('contentinfo').getByText(fullName, { exact: true }).waitFor({ timeout: uiTimeout });
}

/** Storage quota of the page, in bytes. */
export function quota(page: Page): Promise<number> {
  return page.evaluate(async () => (await navigator.storage.estimate()).quota ?? 0);
}

/** The device as shown in the footer. */
export function runsOn(page: Page): Promise<string> {
  const fact = page
    .getByRole('contentinfo')
    .locator('div', { has: page.getByText('Runs on', { exact: true }) });
  return fact.getByRole('definition').innerText();
}

/** Generates one frame from the first example picture. Returns its timings. */
export async function makeFrame(
  visit: Visit,
  settings: Readonly<Record<'Width' | 'Height' | 'Steps' | 'Frames', number>>,
): Promise<FrameTimes> {
  const { page } = visit;
  await page.getByRole('list', { name: 'Examples' }).getByRole('button').first().click();
  for (const [name, value] of Object.entries(settings)) {
    const field = page.getByRole('spinbutton', { name, exact: true });
    await field.fill(String(value));
    await field.blur();
  }
  const before = visit.events.length;
  await button(page, 'Generate').click();
  await visit.waitFor(
    'the frame',
    longTimeout,
    before,
    (each) => each.kind === 'result' && each.method === 'generate',
  );
  return frameTimes(visit.events);
}

/** Statistics of the first frame's pixels. */
export interface PictureFigures {
  readonly width: number;
  readonly height: number;
  readonly colours: number;
  /** Mean over all colour channels, 0 to 255. */
  readonly mean: number;
  readonly standardDeviation: number;
}

export async function firstFrame(page: Page): Promise<PictureFigures> {
  const picture = page
    .getByRole('list', { name: 'Frames' })
    .getByRole('img', { name: 'Frame 1', exact: true });
  await picture.waitFor({ timeout: uiTimeout });
  return picture.evaluate(async (image) => {
    if (!(image instanceof HTMLImageElement)) throw new Error('A frame is a picture.');
    await image.decode();
    const { naturalWidth: width, naturalHeight: height } = image;
    const context = new OffscreenCanvas(width, height).getContext('2d');
    if (!context) throw new Error('This browser has no 2D canvas.');
    context.drawImage(image, 0, 0);
    const { data } = context.getImageData(0, 0, width, height);
    const values = data.filter((_, index) => index % 4 < 3);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    const colours = new Set(new Uint32Array(data.buffer)).size;
    return { width, height, colours, mean, standardDeviation: Math.sqrt(variance) };
  });
}

/** Reloads the page. Returns the seconds until the model is ready, and the timings of the load. */
export async function reload(visit: Visit): Promise<{ readonly ready: number; readonly load: LoadTimes }> {
  // The browser writes the page's local storage with a delay.
  await wait(2000);
  const before = visit.events.length;
  await visit.page.reload();
  const began = await visit.page.evaluate(() => performance.timeOrigin);
  const { at } = await visit.waitFor('the full model, from disk', longTimeout, before, ready);
  await modelIsNamed(visit.page);
  return { ready: (at - began) / 1000, load: loadTimes(visit.events.slice(before)) };
}
