/** Page object: the Export dialog with a small animation, and the files that it writes. */
import { readFile } from 'node:fs/promises';
import type { Locator, Page } from '@playwright/test';
import type { Picture } from '../../src/base/index.ts';
import { encodePng } from '../../src/formats/index.ts';
import { frames as strip, open, pageWithoutModel } from './driving.ts';
import { expect } from './fixtures.ts';
import { makeFrame } from './media/frames.ts';

/** Number and size of the frames: pictures of `makeFrame`. */
export const exported = { count: 6, width: 96, height: 64 } as const;
const { count, width, height } = exported;

/** Imports pictures as a project and opens the Export dialog, on a page that opens without a model if it is not open. */
export async function openExport(page: Page, opens = true): Promise<Locator> {
  if (opens) await open(page, pageWithoutModel());
  await importFrames(
    page,
    Array.from({ length: count }, (_, i) => makeFrame(i, width, height)),
  );
  return openDialog(page);
}

/** Imports pictures as a project. */
export async function importFrames(page: Page, pictures: readonly Picture[]): Promise<void> {
  const files = pictures.map((picture, i) => ({
    name: `frame${i + 1}.png`,
    mimeType: 'image/png',
    buffer: Buffer.from(encodePng(picture)),
  }));
  await page.getByRole('button', { name: 'Projects', exact: true }).click();
  await page.getByLabel('Make a project of pictures').setInputFiles(files);
  await expect(strip(page)).toHaveCount(pictures.length);
}

/** Opens the Export dialog. */
export async function openDialog(page: Page): Promise<Locator> {
  await page.getByRole('button', { name: 'Export', exact: true }).click();
  return page.getByRole('dialog', { name: 'Export' });
}

/** Saves as a format, with the options as they are; returns the downloaded file. */
export async function save(page: Page, dialog: Locator, format: string) {
  await dialog.getByRole('radio', { name: format, exact: true }).check();
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    dialog.getByRole('button', { name: 'Save', exact: true }).click(),
  ]);
  const bytes = await readFile(await download.path());
  return { bytes, name: download.suggestedFilename() };
}

/** Mean absolute difference of a frame of a decoded file and its source picture, in 8-bit levels. */
export function differenceOfExported(rgb: Uint8Array, index: number): number {
  const { data } = makeFrame(index, width, height);
  let sum = 0;
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < 3; c++) sum += Math.abs((rgb[3 * i + c] ?? 0) - (data[4 * i + c] ?? 0));
  }
  return sum / (3 * width * height);
}
