/** Page object: actions on the page, and locators of its parts, shared by the specs. */
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Locator, Page } from '@playwright/test';
import * as v from 'valibot';
import { expect } from './fixtures.ts';

/**
 * Timeout in milliseconds for a few frames on slow machines, including the compilation of shaders. Only against what hangs:
 * a software GPU on a busy machine takes minutes.
 */
const modelTimeout = 480_000;

/**
 * Waits until an element is visible. Used for waits of seconds: whenever `expect` finds no element, it describes the whole page for
 * its error message, which keeps the page's thread busy.
 */
function whenVisible(locator: Locator): Promise<void> {
  return locator.waitFor({ timeout: modelTimeout });
}

/** Photographic start picture of the golden folder, 128×128. */
export const startPicture = fileURLToPath(new URL('../golden/shapes/start.png', import.meta.url));

/** Side of the small model's frames, in pixels. */
export const { size: frameSide } = v.parse(
  v.object({ size: v.number() }),
  JSON.parse(readFileSync(new URL('../fixtures/models/patterns/model.json', import.meta.url), 'utf8')),
);

/** URL of the page with the built-in model. */
export const builtInPage = '/';

/** URL of the page with the model of a manifest. */
export function pageWith(manifest: string): string {
  return `/?model=${encodeURIComponent(manifest)}`;
}

/** URL of the page with the small test model. */
export function smallModelPage(): string {
  const manifest = process.env['DRIFT_SMALL_MODEL'];
  if (manifest === undefined) throw new Error('The small model is not served: see serve-patterns.ts.');
  return pageWith(manifest);
}

/**
 * URL of the page while its model is still loading, which never ends. For tests of what needs no model (files, dialogs,
 * the strip), which are twice as fast without one.
 */
export function pageWithoutModel(): string {
  const manifest = process.env['DRIFT_NO_MODEL'];
  if (manifest === undefined) throw new Error('The small model is not served: see serve-patterns.ts.');
  return pageWith(manifest);
}

/** Opens a URL, by default the page with the small model. Does not wait until the model is loaded. */
export async function open(page: Page, address = smallModelPage()): Promise<void> {
  await page.goto(address);
  await whenVisible(button(page, 'Generate'));
}

/** Opens the page with a start picture and settings, and waits until the model is loaded. */
export async function prepare(page: Page, settings: Readonly<Record<string, number>>): Promise<void> {
  await open(page);
  await chooseStart(page);
  await set(page, settings);
  await modelIsReady(page);
}

export async function modelIsReady(page: Page, name?: string): Promise<void> {
  await whenVisible(fact(page, 'Model'));
  // Checked as well, because the name of an earlier model may still be shown.
  await expect(fact(page, 'Model')).toHaveText(name ?? /./, { timeout: modelTimeout });
}

/** Value under a heading of the page's footer. */
export function fact(page: Page, heading: 'Model' | 'Licence' | 'Runs on'): Locator {
  return page
    .getByRole('contentinfo')
    .locator('div', { has: page.getByText(heading, { exact: true }) })
    .getByRole('definition');
}

export async function chooseStart(page: Page, file = startPicture): Promise<void> {
  await page.getByLabel('Start image').setInputFiles(file);
  await whenVisible(page.getByRole('img', { name: 'Start', exact: true }));
}

export function field(page: Page, name: string): Locator {
  return page.getByRole('spinbutton', { name, exact: true });
}

export function button(page: Page, name: string): Locator {
  return page.getByRole('button', { name, exact: true });
}

/** The chip that names the loaded model and opens the Models dialog. */
export function modelsButton(page: Page): Locator {
  return page.getByRole('button', { name: /^Models\b/ });
}

/** Unfolds “More settings”. */
export async function showMoreSettings(page: Page): Promise<void> {
  const fold = page.getByRole('group').filter({ has: page.getByText('More settings') });
  if ((await fold.getAttribute('open')) === null) await page.getByText('More settings').click();
}

/** Types numbers into fields, by label, and unfolds “More settings” if necessary. */
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

/** Fills the field “Positive prompts”. */
export async function setPositivePrompts(page: Page, text: string): Promise<void> {
  await page.getByRole('textbox', { name: 'Positive prompts', exact: true }).fill(text);
}

/** Starts over, makes one frame, and returns its pixels. */
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

/** Pictures of the list “Frames”. */
export function frames(page: Page): Locator {
  return page.getByRole('list', { name: 'Frames' }).getByRole('img');
}

export function frame(page: Page, number: number): Locator {
  return page
    .getByRole('list', { name: 'Frames' })
    .getByRole('img', { name: `Frame ${number}`, exact: true });
}

/** Waits until the run has ended and the animation has this many frames. */
export async function finished(page: Page, count: number): Promise<void> {
  await whenVisible(frame(page, count));
  await expect(button(page, 'Generate')).toBeEnabled();
  await expect(frames(page)).toHaveCount(count);
}

/** Decoded frames of the strip, RGB with 3 bytes per pixel. */
export async function stripPixels(page: Page): Promise<Buffer[]> {
  const list = page.getByRole('list', { name: 'Frames' });
  await list.waitFor({ state: 'attached' });
  return pixelsOf(list.locator('img'));
}

/** Decoded pixels of pictures on the page, RGB with 3 bytes per pixel. */
export async function pixelsOf(images: Locator): Promise<Buffer[]> {
  const encoded = await images.evaluateAll((elements) =>
    Promise.all(
      elements.map(async (image) => {
        if (!(image instanceof HTMLImageElement)) throw new Error('This is no picture.');
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

/** Drops local files and folders on the page, like a file manager. */
export async function dropPaths(page: Page, ...files: string[]): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const data = { items: [], files, dragOperationsMask: 1 };
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
    await session.send('Input.dispatchDragEvent', { type, x: 300, y: 300, data });
  }
  await session.detach();
}

/** Clicks a download button and returns the file's contents. */
export async function downloaded(page: Page, name: string): Promise<Uint8Array> {
  const [download] = await Promise.all([page.waitForEvent('download'), button(page, name).click()]);
  return new Uint8Array(await readFile(await download.path()));
}

/** Peak signal-to-noise ratio of two arrays of 8-bit values, in dB. */
export function psnr(a: Uint8Array, b: Uint8Array): number {
  expect(a.length).toBe(b.length);
  let squares = 0;
  for (let i = 0; i < a.length; i++) squares += ((a[i] ?? NaN) - (b[i] ?? NaN)) ** 2;
  return 10 * Math.log10((255 ** 2 * a.length) / squares);
}

/** Elements that need an accessible name and have none, as HTML. */
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
        // The contents of a field are not its name.
        element.matches('input, select, textarea') ? '' : element.textContent,
        element.getAttribute('title'),
      ].some((name) => (name ?? '').trim() !== '');
    const elements =
      'button, a, input, select, textarea, summary, dialog, [role="progressbar"], [role="tab"], [role="img"]';
    return [
      // A decorative picture needs an empty `alt`, not a missing one.
      ...document.querySelectorAll('img:not([alt])'),
      ...[...document.querySelectorAll(elements)].filter((element) => !named(element)),
    ].map((element) => element.outerHTML.slice(0, 200));
  });
}
