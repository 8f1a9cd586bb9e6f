import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Download, Page } from '@playwright/test';
import { expect, test } from './fixtures.ts';
import { look } from './media/programs.ts';

/** What a person does, in a real browser, on each kind of machine. */

const startPicture = fileURLToPath(new URL('../golden/shapes/start.png', import.meta.url));

/** Opens the page and waits until the model is there. */
async function open(page: Page, address = '/'): Promise<void> {
  await page.goto(address);
  await expect(page.getByRole('button', { name: 'Generate' })).toBeVisible();
}

async function set(page: Page, settings: Record<string, number>): Promise<void> {
  for (const [name, value] of Object.entries(settings)) {
    const field = page.getByRole('spinbutton', { name, exact: true });
    await field.fill(String(value));
    await field.blur();
  }
}

async function generate(page: Page): Promise<void> {
  const button = page.getByRole('button', { name: 'Generate' });
  await expect(button).toBeEnabled();
  await button.click();
}

function frame(page: Page, number: number) {
  return page
    .getByRole('list', { name: 'Frames' })
    .getByRole('img', { name: `Frame ${number}`, exact: true });
}

/** The frames of the strip as the page shows them: RGB, 3 bytes a pixel. */
async function stripPixels(page: Page): Promise<number[][]> {
  return page.getByRole('list', { name: 'Frames' }).evaluate(async (list) =>
    Promise.all(
      [...list.querySelectorAll('img')].map(async (image) => {
        await image.decode();
        const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
        const context = canvas.getContext('2d');
        context?.drawImage(image, 0, 0);
        const rgba = context?.getImageData(0, 0, canvas.width, canvas.height).data ?? [];
        return [...rgba].filter((_, index) => index % 4 !== 3);
      }),
    ),
  );
}

async function bytesOf(download: Download): Promise<Uint8Array> {
  return readFile(await download.path());
}

/** Mean difference of two pictures, 0 … 255. */
function meanDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += Math.abs((a[i] ?? NaN) - (b[i] ?? NaN));
  return sum / a.length;
}

test('a picture becomes an animation, and the downloads hold what the strip shows', async ({
  page,
  machine,
}) => {
  await open(page);
  await page.getByLabel('Start image').setInputFiles(startPicture);
  await set(page, { Frames: 3, Steps: 4, Seed: 7, 'Frame rate': 5 });
  await generate(page);
  await expect(frame(page, 3)).toBeVisible();
  await expect(page.getByRole('list', { name: 'Frames' }).getByRole('img')).toHaveCount(3);
  if (machine === 'cpu') await expect(page.getByText(/No GPU was found/)).toBeVisible();

  const shown = await stripPixels(page);
  expect(meanDifference(shown[0] ?? [], shown[1] ?? []), 'frames differ from each other').toBeGreaterThan(1);

  for (const [name, extension, bound] of [
    ['Download GIF', 'gif', 6],
    ['Download MP4', 'mp4', 6],
  ] as const) {
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name, exact: true }).click(),
    ]);
    const seen = await look(await bytesOf(download), extension);
    expect(seen.complaints).toBe('');
    expect([seen.stream.width, seen.stream.height, seen.frames.length]).toEqual([128, 128, 3]);
    for (const [index, decoded] of seen.frames.entries()) {
      expect(meanDifference(decoded, shown[index] ?? [])).toBeLessThan(bound);
    }
  }
});
