/** Import of files as other programs leave them: subfolders, hidden files, unusual names. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Page } from '@playwright/test';
import { GifLzw, encodePng, gifEnd, gifFrame, gifStart } from '../../src/formats/index.ts';
import {
  dropPaths,
  field,
  frames,
  open,
  pageWithoutModel,
  showMoreSettings,
  stripPixels,
} from './driving.ts';
import { expect, test } from './fixtures.ts';

const inputs = fileURLToPath(new URL('../fixtures/inputs/', import.meta.url));
const animations = fileURLToPath(new URL('../fixtures/animations/', import.meta.url));

/** Drops local files and folders on the page, like a file manager. */
async function drop(page: Page, ...names: string[]): Promise<void> {
  await dropPaths(page, ...names.map((name) => `${inputs}${name}`));
}

/** Chooses files with the button “From pictures”. */
async function choose(page: Page, ...names: string[]): Promise<void> {
  await page.getByRole('button', { name: 'Projects', exact: true }).click();
  await page.getByLabel('Make a project of pictures').setInputFiles(names.map((name) => `${inputs}${name}`));
}

/** Size of a picture as decoded by an `<img>`, and its RGB pixels. */
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

/** A picture of RGB values turned by a quarter, as EXIF's orientation 6 asks for. */
function turnedClockwise({ width, height, pixels }: { width: number; height: number; pixels: number[] }) {
  const turned = Array.from({ length: pixels.length }, (_, i) => {
    const [channel, x, y] = [i % 3, Math.floor(i / 3) % height, Math.floor(i / 3 / height)];
    return pixels[3 * ((height - 1 - x) * width + y) + channel] ?? NaN;
  });
  return { width: height, height: width, pixels: turned };
}

const folder = (name: string) => readdirSync(inputs + name).map((file) => `${name}/${file}`);
/** In the page's list of notices: a dialog that is closing shows the notice too. */
const expectMessage = (page: Page, text: string | RegExp) =>
  expect(page.getByRole('main').getByText(text)).toBeVisible();

test.describe('imported files', { tag: '@cpu' }, () => {
  test('a dropped folder of the original program: imports its frames and offers the animation', async ({
    page,
  }) => {
    await open(page, pageWithoutModel());
    await drop(page, 'original-program-folder');
    await expectMessage(page, '5 pictures became a project. Left out: out.gif, video.mp4.');
    await expect(frames(page)).toHaveCount(5);
    await page.getByRole('button', { name: 'Make a project of “out.gif”' }).click();
    await expectMessage(page, '5 frames of “out.gif” became a project.');
    await expect(frames(page)).toHaveCount(5);
  });

  test('the files of that folder, chosen by the file picker', async ({ page }) => {
    await open(page, pageWithoutModel());
    await choose(page, ...folder('original-program-folder'));
    await expectMessage(page, '5 pictures became a project. Left out: out.gif, video.mp4.');
    await expect(frames(page)).toHaveCount(5);
  });

  test('hidden files of macOS are ignored', async ({ page }) => {
    await open(page, pageWithoutModel());
    await choose(page, ...folder('mac-folder'));
    await expectMessage(page, '3 pictures became a project.');
    await expect(frames(page)).toHaveCount(3);
  });

  test('a nested folder and an archive beside the frames are offered separately', async ({ page }) => {
    await open(page, pageWithoutModel());
    await drop(page, 'nested');
    await expectMessage(page, /^5 pictures became a project\. Left out: depth, nested\/backup\.zip/);
    await expect(frames(page)).toHaveCount(5);
  });

  test('a truncated picture is named, and the others are imported', async ({ page }) => {
    await open(page, pageWithoutModel());
    await drop(page, 'one-truncated.zip');
    await expectMessage(page, /^4 pictures became a project\..*1 could not be read: 000000\d\.jpg \(/);
    await expect(frames(page)).toHaveCount(4);
  });

  test('a picture beyond the limit is named, and the others are imported', async ({ page }) => {
    await open(page, pageWithoutModel());
    const png = encodePng({ width: 64, height: 64, data: new Uint8ClampedArray(4 * 64 * 64).fill(255) });
    const huge = png.slice();
    // Width and height in the header.
    huge.set([0, 0, 0x27, 0x10, 0, 0, 0x27, 0x10], 16);
    await page.getByRole('button', { name: 'Projects', exact: true }).click();
    await page.getByLabel('Make a project of pictures').setInputFiles(
      [png, huge, png].map((bytes, index) => ({
        name: `${index + 1}.png`,
        mimeType: 'image/png',
        buffer: Buffer.from(bytes),
      })),
    );
    await expectMessage(
      page,
      /^2 pictures became a project\..*1 could not be read: 2\.png \(The picture is too large: 10000 × 10000 pixels/,
    );
    await expect(frames(page)).toHaveCount(2);
  });

  for (const { archive, count, bad } of [
    { archive: 'heic-is-jpeg.zip', count: 2, bad: null },
    { archive: 'jfif.zip', count: 2, bad: null },
    { archive: 'heic-mixed.zip', count: 1, bad: /2 could not be read: IMG_3\.heic \(This is a HEIC file/ },
  ]) {
    test(`pictures are recognised by content, not by name: ${archive}`, async ({ page }) => {
      await open(page, pageWithoutModel());
      await drop(page, `heic-and-jfif/${archive}`);
      if (bad) await expectMessage(page, bad);
      await expect(frames(page)).toHaveCount(count);
    });
  }

  test('unsupported picture formats are rejected by name', async ({ page }) => {
    await open(page, pageWithoutModel());
    await drop(page, 'heic-and-jfif/heic.zip');
    const message = page.getByRole('alert');
    await expect(message).toContainText('IMG_3.heic: This is a HEIC file, which Drift cannot read.');
    await expect(message).toContainText('Save it as PNG or JPEG first');
  });

  test('several archives become one project each', async ({ page }) => {
    await open(page, pageWithoutModel());
    await drop(page, 'heic-and-jfif/jfif.zip', 'heic-and-jfif/heic-is-jpeg.zip');
    await expect(frames(page)).toHaveCount(2);
    await page.getByRole('button', { name: 'Projects', exact: true }).click();
    await expect(page.getByRole('list', { name: 'Projects' }).getByRole('listitem')).toHaveCount(2);
  });

  test('the orientation of every format is applied, as the browser shows it', async ({ page }) => {
    await open(page, pageWithoutModel());
    await showMoreSettings(page);
    for (const name of ['exif6.jpg', 'exif6.png', 'exif6.webp', 'photo.heic', 'rot.avif']) {
      const raw = await shownByBrowser(page, name);
      // Chromium ignores the orientation of WebP.
      const shown = name === 'exif6.webp' ? turnedClockwise(raw) : raw;
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

const red = [220, 40, 30];
const green = [30, 180, 60];
const blue = [40, 60, 210];
const yellow = [240, 200, 40];

/** The middles of the four quarters of a frame in the strip, row by row. */
function quarters(pixels: Buffer, width: number, height: number): number[][] {
  return [0.25, 0.75].flatMap((down) =>
    [0.25, 0.75].map((across) => {
      const at = 3 * (Math.floor(down * height) * width + Math.floor(across * width));
      return [...pixels.subarray(at, at + 3)];
    }),
  );
}

function expectQuarters(found: readonly number[][], wanted: readonly number[][], tolerance: number): void {
  const differences = wanted.flat().map((value, i) => Math.abs(value - (found.flat()[i] ?? NaN)));
  expect(Math.max(...differences), `${found.join(' ')} should be ${wanted.join(' ')}`).toBeLessThanOrEqual(
    tolerance,
  );
}

test.describe('animations and videos', { tag: '@cpu' }, () => {
  test('their frames become a project that plays at their frame rate', async ({ page }) => {
    await open(page, pageWithoutModel());
    await showMoreSettings(page);
    for (const { name, rate, tolerance } of [
      { name: 'turning.gif', rate: 8, tolerance: 0 },
      { name: 'turning.mp4', rate: 10, tolerance: 12 },
      { name: 'turning.webp', rate: 8, tolerance: 0 },
      { name: 'turning.webm', rate: 10, tolerance: 12 },
      { name: 'turning.png', rate: 8, tolerance: 0 },
      // Chromium shows these colours of BT.601 in every way a little off.
      { name: 'turning.avif', rate: 8, tolerance: 20 },
    ]) {
      await dropPaths(page, `${animations}${name}`);
      await expectMessage(page, `“${name}” has more than one frame: they can become a project.`);
      await page.getByRole('button', { name: `Make a project of “${name}”` }).click();
      await expectMessage(page, `4 frames of “${name}” became a project.`);
      await expect(frames(page)).toHaveCount(4);
      await expect(field(page, 'Frame rate'), name).toHaveValue(String(rate));
      const colours = [red, green, blue, yellow];
      const shown = await stripPixels(page);
      shown.forEach((pixels, i) => {
        const wanted = colours.map((_, quarter) => colours[(quarter + i) % 4] ?? []);
        // 48 × 32 are enlarged to the smallest frame.
        expectQuarters(quarters(pixels, 64, 64), wanted, tolerance);
      });
    }
  });

  test('of a long animation every second frame is taken, and that is said', async ({ page }) => {
    await open(page, pageWithoutModel());
    const palette = new Uint8Array(768).map((_, index) => Math.floor(index / 3));
    const lzw = new GifLzw();
    const length = 1_004;
    const all = Array.from({ length }, (_, index) =>
      gifFrame({
        ...{ x: 0, y: 0, width: 8, height: 8, delay: 10, transparent: null, palette: null },
        data: lzw.encode(new Uint8Array(64).fill(index % 200), 8),
      }),
    );
    const start = gifStart({ width: 8, height: 8, palette, plays: 0, comment: null });
    await page.getByRole('button', { name: 'Projects', exact: true }).click();
    await page.getByLabel('Make a project of pictures').setInputFiles({
      name: 'long.gif',
      mimeType: 'image/gif',
      buffer: Buffer.concat([start, ...all, gifEnd]),
    });
    await expectMessage(
      page,
      '502 frames of “long.gif” became a project. Of its 1004 frames, one in 2 was taken: a project of an animation has at most 1,000.',
    );
    const [first, second] = await stripPixels(page);
    // The strip shows some of the frames; each is as bright as its number says.
    expect((second?.[0] ?? NaN) - (first?.[0] ?? NaN)).toBe(2);
    await showMoreSettings(page);
    await expect(field(page, 'Frame rate')).toHaveValue('5');
  });

  test('a video that was held sideways is shown upright', async ({ page }) => {
    await open(page, pageWithoutModel());
    await page.getByRole('button', { name: 'Projects', exact: true }).click();
    await page.getByLabel('Make a project of pictures').setInputFiles(`${animations}turned.mp4`);
    await expect(frames(page)).toHaveCount(4);
    const [pixels = Buffer.alloc(0)] = await stripPixels(page);
    expectQuarters(quarters(pixels, 64, 64), [green, yellow, red, blue], 12);
  });

  test('a browser without a decoder says so, and what to do', async ({ page }) => {
    await page.route('**/assets/media-*.js', async (route) => {
      const response = await route.fetch();
      const without = `for (const name of ['ImageDecoder', 'VideoDecoder']) Reflect.deleteProperty(globalThis, name);`;
      await route.fulfill({ response, body: `${await response.text()}\n${without}` });
    });
    await open(page, pageWithoutModel());
    for (const [name, what] of [
      ['turning.gif', 'an animated picture'],
      ['turning.mp4', 'this video'],
    ] as const) {
      await dropPaths(page, `${animations}${name}`);
      await page.getByRole('button', { name: `Make a project of “${name}”` }).click();
      const message = page.getByRole('alert').filter({ hasText: name });
      await expect(message).toContainText(`Your browser cannot read the frames of ${what}.`);
      await expect(message).toContainText('save its frames as pictures with another program');
    }
    await expect(frames(page)).toHaveCount(0);
  });

  test('frames after damage are left out', async ({ page }) => {
    await open(page, pageWithoutModel());
    const whole = readFileSync(`${animations}turning.gif`);
    await page.getByRole('button', { name: 'Projects', exact: true }).click();
    await page.getByLabel('Make a project of pictures').setInputFiles({
      name: 'cut.gif',
      mimeType: 'image/gif',
      buffer: whole.subarray(0, Math.floor(0.6 * whole.length)),
    });
    await expectMessage(page, /^\d frames? of “cut.gif” became a project\./);
    expect(await frames(page).count()).toBeLessThan(4);
  });
});
