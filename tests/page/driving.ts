/** What a person does with the page and sees of it: the verbs of the specs. */
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Locator, Page } from '@playwright/test';
import * as v from 'valibot';
import { expect } from './fixtures.ts';

/** Slow machines take this long for a few frames, in milliseconds; the first run compiles shaders besides. */
const modelTimeout = 240_000;

/** A picture of the golden folder: a photograph's worth of colours at 128 × 128. */
export const startPicture = fileURLToPath(new URL('../golden/shapes/start.png', import.meta.url));

/** Side of the small model's frames, in pixels. */
export const { size: frameSide } = v.parse(
  v.object({ size: v.number() }),
  JSON.parse(readFileSync(new URL('../fixtures/models/patterns/model.json', import.meta.url), 'utf8')),
);

/** The page with the model that is served with it, as its visitors open it. */
export const builtInPage = '/';

/** The page with the model whose manifest stands at an address. */
export function pageWith(manifest: string): string {
  return `/?model=${encodeURIComponent(manifest)}`;
}

/** The page with the small model of the tests. */
function smallModelPage(): string {
  const manifest = process.env['DRIFT_SMALL_MODEL'];
  if (manifest === undefined) throw new Error('The small model is not served: see serve-patterns.ts.');
  return pageWith(manifest);
}

/** Opens the page, with the small model unless another address is given; the model goes on loading. */
export async function open(page: Page, address = smallModelPage()): Promise<void> {
  await page.goto(address);
  await expect(button(page, 'Generate')).toBeVisible();
}

/** Opens the page with a start picture and settings, and waits until the model is there. */
export async function prepare(page: Page, settings: Readonly<Record<string, number>>): Promise<void> {
  await open(page);
  await chooseStart(page);
  await set(page, settings);
  await modelIsReady(page);
}

export async function modelIsReady(page: Page, name?: string): Promise<void> {
  await expect(fact(page, 'Model')).toHaveText(name ?? /./, { timeout: modelTimeout });
}

/** What the foot of the page says about the model, under one of its headings. */
export function fact(page: Page, heading: 'Model' | 'Licence' | 'Runs on'): Locator {
  return page
    .getByRole('contentinfo')
    .locator('div', { has: page.getByText(heading, { exact: true }) })
    .getByRole('definition');
}

export async function chooseStart(page: Page, file = startPicture): Promise<void> {
  await page.getByLabel('Start image').setInputFiles(file);
  await expect(page.getByRole('img', { name: 'Start', exact: true })).toBeVisible();
}

export function field(page: Page, name: string): Locator {
  return page.getByRole('spinbutton', { name, exact: true });
}

export function button(page: Page, name: string): Locator {
  return page.getByRole('button', { name, exact: true });
}

/** Unfolds the settings that are rarely needed. */
export async function showMoreSettings(page: Page): Promise<void> {
  const fold = page.getByRole('group').filter({ has: page.getByText('More settings') });
  if ((await fold.getAttribute('open')) === null) await page.getByText('More settings').click();
}

/** Types numbers into fields and leaves them; those that are folded away are unfolded first. */
export async function set(page: Page, settings: Readonly<Record<string, number>>): Promise<void> {
  for (const [name, value] of Object.entries(settings)) {
    if (!(await field(page, name).isVisible())) await showMoreSettings(page);
    await field(page, name).fill(String(value));
    await field(page, name).blur();
  }
}

export async function generate(page: Page): Promise<void> {
  const generate = button(page, 'Generate');
  await expect(generate).toBeEnabled();
  await generate.click();
}

/** Writes into the field “Positive prompts”. */
export async function setPositivePrompts(page: Page, text: string): Promise<void> {
  await page.getByRole('textbox', { name: 'Positive prompts', exact: true }).fill(text);
}

/** Makes the first frame of an animation anew, and gives its pixels. */
export async function firstFrame(page: Page): Promise<Buffer> {
  const startOver = button(page, 'Start over');
  if (await startOver.isVisible()) await startOver.click();
  await expect(frames(page)).toHaveCount(0);
  await set(page, { Frames: 1 });
  await generate(page);
  await finished(page, 1);
  const [pixels] = await stripPixels(page);
  if (!pixels) throw new Error('There is no frame in the strip.');
  return pixels;
}

/** The pictures of the list “Frames”. */
export function frames(page: Page): Locator {
  return page.getByRole('list', { name: 'Frames' }).getByRole('img');
}

export function frame(page: Page, number: number): Locator {
  return page
    .getByRole('list', { name: 'Frames' })
    .getByRole('img', { name: `Frame ${number}`, exact: true });
}

/** Waits until the run is over and the animation has so many frames. */
export async function finished(page: Page, count: number): Promise<void> {
  await expect(frame(page, count)).toBeVisible({ timeout: modelTimeout });
  await expect(button(page, 'Generate')).toBeEnabled();
  await expect(frames(page)).toHaveCount(count);
}

/** The frames of the strip as the page shows them: RGB, 3 bytes a pixel. */
export async function stripPixels(page: Page): Promise<Buffer[]> {
  const encoded = await page.getByRole('list', { name: 'Frames' }).evaluate((list) =>
    Promise.all(
      [...list.querySelectorAll('img')].map(async (image) => {
        await image.decode();
        const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
        const context = canvas.getContext('2d');
        if (!context) throw new Error('This browser has no 2D canvas.');
        context.drawImage(image, 0, 0);
        const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
        let text = '';
        for (let i = 0; i < data.length; i++) if (i % 4 < 3) text += String.fromCharCode(data[i] ?? 0);
        return btoa(text);
      }),
    ),
  );
  return encoded.map((text) => Buffer.from(text, 'base64'));
}

/** Presses a download button and reads the file. */
export async function downloaded(page: Page, name: string): Promise<Uint8Array> {
  const [download] = await Promise.all([page.waitForEvent('download'), button(page, name).click()]);
  return new Uint8Array(await readFile(await download.path()));
}

/** Closeness of two pictures: their peak signal-to-noise ratio in decibels, for values up to 255. */
export function psnr(a: Uint8Array, b: Uint8Array): number {
  expect(a.length).toBe(b.length);
  let squares = 0;
  for (let i = 0; i < a.length; i++) squares += ((a[i] ?? NaN) - (b[i] ?? NaN)) ** 2;
  return 10 * Math.log10((255 ** 2 * a.length) / squares);
}

/** What a screen reader cannot call by any name, of the elements that need one. */
export function nameless(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const labelled = (element: Element) =>
      (element.getAttribute('aria-labelledby') ?? '')
        .split(' ')
        .map((id) => document.getElementById(id)?.textContent ?? '')
        .join('');
    const named = (element: Element) =>
      [
        element.getAttribute('aria-label'),
        labelled(element),
        element instanceof HTMLButtonElement ||
        element instanceof HTMLInputElement ||
        element instanceof HTMLSelectElement ||
        element instanceof HTMLTextAreaElement
          ? [...(element.labels ?? [])].map((label) => label.textContent).join('')
          : '',
        // What is written in a field is no name of it.
        element.matches('input, select, textarea') ? '' : element.textContent,
        element.getAttribute('title'),
      ].some((name) => (name ?? '').trim() !== '');
    const elements =
      'button, a, input, select, textarea, summary, dialog, [role="progressbar"], [role="tab"], [role="img"]';
    return [
      // A picture may have an empty name where the words beside it say everything, but it has to say so.
      ...document.querySelectorAll('img:not([alt])'),
      ...[...document.querySelectorAll(elements)].filter((element) => !named(element)),
    ].map((element) => element.outerHTML.slice(0, 200));
  });
}
