/** What a person does with the page and sees of it: the verbs of the specs. */
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Locator, Page } from '@playwright/test';
import * as v from 'valibot';
import { expect } from './fixtures.ts';

/** Slow machines take this long for a few frames, in milliseconds; the first run compiles shaders besides. */
const patience = 240_000;

/** A picture of the golden folder: a photograph's worth of colours at 128 × 128. */
export const startPicture = fileURLToPath(new URL('../golden/shapes/start.png', import.meta.url));

/** Side of the built-in model's frames, in pixels. */
export const { size: frameSide } = v.parse(
  v.object({ size: v.number() }),
  JSON.parse(readFileSync(new URL('../../public/models/builtin/model.json', import.meta.url), 'utf8')),
);

/** Opens the page; the model goes on loading. */
export async function open(page: Page, address = '/'): Promise<void> {
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
  await expect(fact(page, 'Model')).toHaveText(name ?? /./, { timeout: patience });
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

/** Types numbers into fields and leaves them. */
export async function set(page: Page, settings: Readonly<Record<string, number>>): Promise<void> {
  for (const [name, value] of Object.entries(settings)) {
    await field(page, name).fill(String(value));
    await field(page, name).blur();
  }
}

export async function generate(page: Page): Promise<void> {
  const generate = button(page, 'Generate');
  await expect(generate).toBeEnabled();
  await generate.click();
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
  await expect(frame(page, count)).toBeVisible({ timeout: patience });
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
