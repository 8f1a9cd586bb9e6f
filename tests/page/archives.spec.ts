/** Import of ZIP archives whose entries are neither stored nor deflated: 7-Zip is loaded for these, and only for these. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Page } from '@playwright/test';
import { button, dropPaths, frames, open, pageWithoutModel, stripPixels } from './driving.ts';
import { expect, test } from './fixtures.ts';

const fixtures = fileURLToPath(new URL('../fixtures/', import.meta.url));
const sevenZip = /\/assets\/7zz[^/]*\.(js|wasm)$/;

const expectMessage = (page: Page, text: string | RegExp) =>
  expect(page.getByRole('main').getByText(text)).toBeVisible();

/** URLs that the page and its workers ask for, of files of 7-Zip. */
function watchSevenZip(page: Page): string[] {
  const urls: string[] = [];
  page.context().on('request', (request) => {
    if (sevenZip.test(request.url())) urls.push(request.url());
  });
  return urls;
}

/** Number of live workers that unpack. */
const unpackers = (page: Page) =>
  page.workers().filter((worker) => worker.url().includes('seven-zip-worker')).length;

/** Chooses a file of this content with the button “From pictures”. */
async function choose(page: Page, name: string, buffer: Buffer): Promise<void> {
  await button(page, 'Projects').click();
  await page
    .getByLabel('Make a project of pictures')
    .setInputFiles({ name, mimeType: 'application/zip', buffer });
}

test.describe('an archive of another program', { tag: '@cpu' }, () => {
  for (const method of ['deflate64', 'bzip2', 'lzma', 'ppmd', 'xz', 'zstd']) {
    test(`compressed by ${method}: its pictures come in`, async ({ page }) => {
      const asked = watchSevenZip(page);
      await open(page, pageWithoutModel());
      await dropPaths(page, `${fixtures}archives/${method}.zip`);
      await expectMessage(page, '2 pictures became a project.');
      await expect(frames(page)).toHaveCount(2);
      const [first = Buffer.alloc(0), second = Buffer.alloc(0)] = await stripPixels(page);
      expect(first.equals(second)).toBe(false);
      expect(asked.some((url) => url.endsWith('.wasm'))).toBe(true);
      await expect.poll(() => unpackers(page)).toBe(0);
    });
  }

  test('with a damaged entry: it is named, and the other comes in', async ({ page }) => {
    await open(page, pageWithoutModel());
    const bytes = readFileSync(`${fixtures}archives/ppmd.zip`);
    // In the middle of the first entry's data.
    bytes.fill(0x55, 110, 130);
    await choose(page, 'damaged.zip', bytes);
    await expectMessage(
      page,
      /^1 picture became a project\..*1 could not be read: 0\.bmp \(.*cannot be unpacked/,
    );
    await expect(frames(page)).toHaveCount(1);
  });

  test('7-Zip is not loaded for ordinary archives', async ({ page }) => {
    const asked = watchSevenZip(page);
    await open(page, pageWithoutModel());
    await dropPaths(page, `${fixtures}inputs/one-truncated.zip`);
    await expect(frames(page)).toHaveCount(4);
    expect(asked).toEqual([]);
  });

  test('without a connection to fetch 7-Zip, says so', async ({ page }) => {
    await page.context().route(sevenZip, (route) => route.abort());
    await open(page, pageWithoutModel());
    await dropPaths(page, `${fixtures}archives/lzma.zip`);
    await expect(
      page.getByRole('alert').filter({ hasText: 'the program that unpacks it could not be loaded' }),
    ).toContainText('Check your connection');
    await expect(frames(page)).toHaveCount(0);
  });

  test('cancelled while it is unpacked: leaves no frames and no worker', async ({ page }) => {
    let isAsked = false;
    // Never answered, so that unpacking lasts until it is cancelled.
    await page.context().route(sevenZip, () => {
      isAsked = true;
    });
    await open(page, pageWithoutModel());
    await dropPaths(page, `${fixtures}archives/bzip2.zip`);
    await expect.poll(() => isAsked).toBe(true);
    await expect.poll(() => unpackers(page)).toBe(1);
    await button(page, 'Cancel').click();
    await expect(button(page, 'Cancel')).toHaveCount(0);
    await expect.poll(() => unpackers(page)).toBe(0);
    await expect(frames(page)).toHaveCount(0);
    await expect(page.getByRole('alert')).toHaveCount(0);
  });
});
