/** Files as people have them, with what other programs leave among them. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Page } from '@playwright/test';
import { field, frames, open, showMoreSettings, stripPixels } from './driving.ts';
import { expect, test } from './fixtures.ts';

const inputs = fileURLToPath(new URL('../fixtures/inputs/', import.meta.url));

/** Drops files and folders of this machine on the page, as a file manager does. */
async function drop(page: Page, ...names: string[]): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const data = { items: [], files: names.map((name) => `${inputs}${name}`), dragOperationsMask: 1 };
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
    await session.send('Input.dispatchDragEvent', { type, x: 300, y: 300, data });
  }
  await session.detach();
}

/** Chooses files by the button “From pictures”. */
async function choose(page: Page, ...names: string[]): Promise<void> {
  await page.getByRole('button', { name: 'Projects', exact: true }).click();
  await page.getByLabel('Make a project of pictures').setInputFiles(names.map((name) => `${inputs}${name}`));
}

/** What an `<img>` makes of a picture: its sides, and its pixels without alpha. */
async function shownByBrowser(page: Page, name: string) {
  const base64 = readFileSync(`${inputs}turned/${name}`, 'base64');
  return page.evaluate(async (text) => {
    const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
    const url = URL.createObjectURL(new Blob([bytes]));
    const image = new Image();
    image.src = url;
    await image.decode();
    URL.revokeObjectURL(url);
    const { naturalWidth: width, naturalHeight: height } = image;
    const context = new OffscreenCanvas(width, height).getContext('2d');
    if (!context) throw new Error('This browser has no 2D canvas.');
    context.drawImage(image, 0, 0);
    const { data } = context.getImageData(0, 0, width, height);
    return { width, height, pixels: [...data].filter((_, i) => i % 4 < 3) };
  }, base64);
}

const folder = (name: string) => readdirSync(inputs + name).map((file) => `${name}/${file}`);
/** In the page's own list: a dialog that is about to close shows the message too. */
const expectMessage = (page: Page, text: string | RegExp) =>
  expect(page.getByRole('main').getByText(text)).toBeVisible();

test.describe('imported files', { tag: '@cpu' }, () => {
  test('a dropped folder of the original program: imports its frames and offers the animation', async ({
    page,
  }) => {
    await open(page);
    await drop(page, 'original-program-folder');
    await expectMessage(page, '5 pictures became a project. Left out: out.gif.');
    await expect(frames(page)).toHaveCount(5);
    await page.getByRole('button', { name: 'Make a project of “out.gif”' }).click();
    await expect(frames(page)).toHaveCount(1);
  });

  test('the files of that folder, chosen by the file picker', async ({ page }) => {
    await open(page);
    await choose(page, ...folder('original-program-folder'));
    await expectMessage(page, '5 pictures became a project. Left out: out.gif.');
    await expect(frames(page)).toHaveCount(5);
  });

  test('hidden files of macOS are ignored', async ({ page }) => {
    await open(page);
    await choose(page, ...folder('mac-folder'));
    await expectMessage(page, '3 pictures became a project.');
    await expect(frames(page)).toHaveCount(3);
  });

  test('a nested folder and an archive beside the frames are offered separately', async ({ page }) => {
    await open(page);
    await drop(page, 'nested');
    await expectMessage(page, /^5 pictures became a project\. Left out: depth, nested\/backup\.zip/);
    await expect(frames(page)).toHaveCount(5);
  });

  test('a truncated picture is named, and the others are imported', async ({ page }) => {
    await open(page);
    await drop(page, 'one-truncated.zip');
    await expectMessage(page, /^4 pictures became a project\..*1 could not be read: 000000\d\.jpg \(/);
    await expect(frames(page)).toHaveCount(4);
  });

  for (const { archive, count, bad } of [
    { archive: 'heic-is-jpeg.zip', count: 2, bad: null },
    { archive: 'jfif.zip', count: 2, bad: null },
    { archive: 'heic-mixed.zip', count: 1, bad: /2 could not be read: IMG_3\.heic \(This is a HEIC file/ },
  ]) {
    test(`pictures are recognised by content, not by name: ${archive}`, async ({ page }) => {
      await open(page);
      await drop(page, `heic-and-jfif/${archive}`);
      if (bad) await expectMessage(page, bad);
      await expect(frames(page)).toHaveCount(count);
    });
  }

  test('unsupported picture formats are rejected by name', async ({ page }) => {
    await open(page);
    await drop(page, 'heic-and-jfif/heic.zip');
    const message = page.getByRole('alert');
    await expect(message).toContainText('IMG_3.heic: This is a HEIC file, which Drift cannot read.');
    await expect(message).toContainText('Save it as PNG or JPEG first');
  });

  test('several archives become one project each', async ({ page }) => {
    await open(page);
    await drop(page, 'heic-and-jfif/jfif.zip', 'heic-and-jfif/heic-is-jpeg.zip');
    await expect(frames(page)).toHaveCount(2);
    await page.getByRole('button', { name: 'Projects', exact: true }).click();
    await expect(page.getByRole('list', { name: 'Projects' }).getByRole('listitem')).toHaveCount(2);
  });

  test('the orientation of every format is applied as in the browser', async ({ page }) => {
    await open(page);
    await showMoreSettings(page);
    for (const name of ['exif6.jpg', 'exif6.png', 'exif6.webp', 'photo.heic', 'rot.avif']) {
      const shown = await shownByBrowser(page, name);
      await choose(page, `turned/${name}`);
      await expect(page.getByRole('dialog')).toBeHidden();
      await expect(field(page, 'Width')).toHaveValue(String(shown.width));
      await expect(field(page, 'Height')).toHaveValue(String(shown.height));
      await expect(frames(page)).toHaveCount(1);
      const [pixels] = await stripPixels(page);
      const differences = shown.pixels.map((value, i) => Math.abs(value - (pixels?.[i] ?? NaN)));
      expect(Math.max(...differences), name).toBeLessThanOrEqual(2);
    }
  });
});
