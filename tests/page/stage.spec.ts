import type { Page } from '@playwright/test';
import { button, finished, frame, generate, prepare } from './driving.ts';
import { expect, test } from './fixtures.ts';

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
