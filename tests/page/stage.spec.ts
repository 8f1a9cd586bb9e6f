import type { Page } from '@playwright/test';
import { readPng } from '../../tools/png.ts';
import { button, downloaded, finished, frame, generate, prepare, stripPixels } from './driving.ts';
import { expect, test } from './fixtures.ts';

/** RGB values of a PNG file. */
function pixelsOf(png: Uint8Array): Buffer {
  return Buffer.from(readPng(png).data.filter((_, index) => index % 4 !== 3));
}

/** Pixels of the stage as a data URL. */
function onStage(page: Page): Promise<string> {
  return page
    .getByRole('img', { name: 'The picture on the stage' })
    .evaluate((canvas) => (canvas instanceof HTMLCanvasElement ? canvas.toDataURL() : ''));
}

test(
  'the stage compares with other pictures while a button is held, and fills the screen',
  { tag: '@cpu' },
  async ({ page }) => {
    await prepare(page, { Frames: 2, Steps: 1 });
    const start = await onStage(page);
    await generate(page);
    await finished(page, 2);
    await frame(page, 1).click();
    await expect.poll(() => onStage(page)).not.toBe(start);
    const first = await onStage(page);
    await frame(page, 2).click();
    await expect.poll(() => onStage(page)).not.toBe(first);
    const second = await onStage(page);

    const withStart = button(page, 'Compare with the start');
    await withStart.hover();
    await page.mouse.down();
    await expect.poll(() => onStage(page)).toBe(start);
    await expect(withStart).toHaveAttribute('aria-pressed', 'true');
    await page.mouse.up();
    await expect.poll(() => onStage(page)).toBe(second);

    await button(page, 'Compare with the frame before').focus();
    await page.keyboard.down('Space');
    await expect.poll(() => onStage(page)).toBe(first);
    await expect(page.getByText('Frame 1', { exact: true })).toBeVisible();
    await page.keyboard.up('Space');
    await expect.poll(() => onStage(page)).toBe(second);

    await button(page, 'Full screen').click();
    await expect.poll(() => page.evaluate(() => document.fullscreenElement?.ariaLabel)).toBe('Stage');
    await button(page, 'Full screen').click();
    await expect.poll(() => page.evaluate(() => document.fullscreenElement)).toBeNull();
  },
);

test('the picture on the stage can be copied and saved', { tag: '@cpu' }, async ({ page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await prepare(page, { Frames: 1, Steps: 1 });
  await generate(page);
  await finished(page, 1);
  await frame(page, 1).click();
  const [pixels] = await stripPixels(page);

  await button(page, 'Copy the picture').click();
  await expect(page.getByText('Frame 1 is copied.')).toBeVisible();
  const copied = await page.evaluate(async () => {
    const [item] = await navigator.clipboard.read();
    const png = await item?.getType('image/png');
    return png ? [...new Uint8Array(await png.arrayBuffer())] : [];
  });
  // The browser re-encodes pictures on the clipboard, so pixels are compared.
  expect(pixelsOf(Buffer.from(copied))).toEqual(pixels);

  expect(pixelsOf(await downloaded(page, 'Save the picture'))).toEqual(pixels);
});
