import type { Locator, Page } from '@playwright/test';
import { exported, openExport, save } from './export-dialog.ts';
import { expect, test } from './fixtures.ts';
import { makeFrame } from './media/frames.ts';
import { needsReaders, readBack } from './media/programs.ts';

const { count, width, height } = exported;

/** The frames of the dialog's file without loss, RGB. */
async function written(page: Page, dialog: Locator): Promise<readonly Buffer[]> {
  const { bytes } = await save(page, dialog, 'APNG');
  const seen = await readBack(bytes, 'apng');
  expect(seen.warnings).toBe('');
  expect(seen.frames).toHaveLength(count);
  return seen.frames;
}

/** A frame that the browser's own canvas has drawn: the whole picture at a rectangle of a frame, RGB. */
async function drawnByBrowser(
  page: Page,
  index: number,
  frame: readonly [number, number],
  at: readonly [number, number, number, number],
): Promise<Buffer> {
  const { data } = makeFrame(index, width, height);
  const base64 = await page.evaluate(
    ([pixels, size, target, rectangle]) => {
      const from = new OffscreenCanvas(size[0], size[1]).getContext('2d');
      const to = new OffscreenCanvas(target[0], target[1]).getContext('2d');
      if (!from || !to) throw new Error('This browser has no 2D canvas.');
      const bytes = Uint8ClampedArray.from(atob(pixels), (character) => character.charCodeAt(0));
      from.putImageData(new ImageData(bytes, size[0], size[1]), 0, 0);
      to.imageSmoothingQuality = 'high';
      to.drawImage(from.canvas, rectangle[0], rectangle[1], rectangle[2], rectangle[3]);
      let text = '';
      to.getImageData(0, 0, target[0], target[1]).data.forEach((value, i) => {
        if (i % 4 < 3) text += String.fromCharCode(value);
      });
      return btoa(text);
    },
    [Buffer.from(data).toString('base64'), [width, height], frame, at] as const,
  );
  return Buffer.from(base64, 'base64');
}

function largestDifference(a: Uint8Array, b: Uint8Array): number {
  expect(a.length).toBe(b.length);
  return a.reduce((largest, value, i) => Math.max(largest, Math.abs(value - (b[i] ?? NaN))), 0);
}

/** Mean of every block of `side` × `side` pixels, and its largest difference to the pixel of the source. */
function differenceOfBlocks(frame: Uint8Array, index: number, side: number) {
  const { data } = makeFrame(index, width, height);
  let [sum, largest] = [0, 0];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let channel = 0; channel < 3; channel++) {
        const source = data[4 * (y * width + x) + channel] ?? NaN;
        let mean = 0;
        for (let i = 0; i < side * side; i++) {
          const row = side * y + Math.floor(i / side);
          const value = frame[3 * (row * side * width + side * x + (i % side)) + channel] ?? NaN;
          mean += value / side ** 2;
          largest = Math.max(largest, Math.abs(value - source));
        }
        sum += Math.abs(mean - source);
      }
    }
  }
  return { mean: sum / (3 * width * height), largest };
}

test.describe('the size of an exported file', { tag: '@cpu' }, () => {
  test('is scaled with sharp pixels, Lanczos or the browser’s smoothing', async ({ page }) => {
    needsReaders();
    const dialog = await openExport(page);
    await dialog.getByLabel('Scale', { exact: true }).fill('4');
    await expect(dialog.getByText(`${4 * width} × ${4 * height}`)).toBeVisible();

    await dialog.getByLabel('Scaling').selectOption('nearest');
    const sharp = await written(page, dialog);
    sharp.forEach((frame, i) => {
      expect(differenceOfBlocks(frame, i, 4).largest, `frame ${i}`).toBe(0);
    });

    await dialog.getByLabel('Scaling').selectOption('lanczos');
    const lanczos = await written(page, dialog);
    // Smooth: values lie between those of neighbours, but their means are those of the pixels.
    lanczos.forEach((frame, i) => {
      const { mean, largest } = differenceOfBlocks(frame, i, 4);
      expect(mean, `frame ${i}`).toBeLessThan(2);
      expect(largest, `frame ${i}`).toBeGreaterThan(0);
    });

    await dialog.getByLabel('Scaling').selectOption('browser');
    const browser = await written(page, dialog);
    for (const [i, frame] of browser.entries()) {
      const drawn = await drawnByBrowser(page, i, [4 * width, 4 * height], [0, 0, 4 * width, 4 * height]);
      expect(largestDifference(frame, drawn), `frame ${i}`).toBeLessThanOrEqual(1);
      expect(largestDifference(frame, lanczos[i] ?? Buffer.alloc(0)), `frame ${i}`).toBeGreaterThan(1);
    }
  });

  test('is cut by the browser’s smoothing where the shape asks for it', async ({ page }) => {
    needsReaders();
    const dialog = await openExport(page);
    await dialog.getByLabel('Scale', { exact: true }).fill('1.5');
    await dialog.getByLabel('Scaling').selectOption('browser');
    await dialog.getByLabel('Shape').selectOption('square');
    await dialog.getByLabel('Fit').selectOption('crop');
    const frames = await written(page, dialog);
    const [wide, side] = [1.5 * width, 1.5 * height];
    for (const [i, frame] of frames.entries()) {
      const drawn = await drawnByBrowser(page, i, [side, side], [(side - wide) / 2, 0, wide, side]);
      expect(largestDifference(frame, drawn), `frame ${i}`).toBeLessThanOrEqual(1);
    }
  });

  for (const { shape, size, bars } of [
    { shape: 'square', size: [192, 192], bars: [32, 0] },
    { shape: 'portrait', size: [192, 342], bars: [107, 0] },
    { shape: 'landscape', size: [228, 128], bars: [0, 18] },
  ] as const) {
    test(`is padded to ${shape}, with the whole picture in the middle`, async ({ page }) => {
      needsReaders();
      const dialog = await openExport(page);
      await dialog.getByLabel('Scale', { exact: true }).fill('2');
      await dialog.getByLabel('Scaling').selectOption('nearest');
      await dialog.getByLabel('Shape').selectOption(shape);
      const [across, down] = size;
      await expect(dialog.getByText(`${across} × ${down}`)).toBeVisible();
      const [above, left] = bars;
      (await written(page, dialog)).forEach((frame, i) => {
        const { data } = makeFrame(i, width, height);
        let wrong = 0;
        for (let y = 0; y < down; y++) {
          for (let x = 0; x < across; x++) {
            const [column, row] = [Math.floor((x - left) / 2), Math.floor((y - above) / 2)];
            const isInside = column >= 0 && column < width && row >= 0 && row < height;
            for (let c = 0; c < 3; c++) {
              const expected = isInside ? data[4 * (row * width + column) + c] : 0;
              if (frame[3 * (y * across + x) + c] !== expected) wrong++;
            }
          }
        }
        expect(wrong, `frame ${i}`).toBe(0);
      });
    });
  }
});
