import type { Page } from '@playwright/test';
import { button, field, finished, frames, generate, open, prepare, set, stripPixels } from './driving.ts';
import { expect, test } from './fixtures.ts';

async function expectSaid(page: Page, words: string): Promise<void> {
  await expect(page.getByRole('status').filter({ hasText: words })).toHaveCount(1);
}

test(
  'changes are undone and redone, by buttons and by keyboard shortcuts',
  { tag: '@cpu' },
  async ({ page }) => {
    await page.setViewportSize({ width: 390, height: 844 });
    await open(page);
    for (const name of ['Undo', 'Redo']) {
      await expect(button(page, name)).toHaveAttribute('aria-disabled', 'true');
      await expect(button(page, name)).toHaveAccessibleDescription(`Nothing to ${name.toLowerCase()}`);
      const box = await button(page, name).boundingBox();
      expect([box?.width, box?.height]).toEqual([44, 44]);
    }
    await page.setViewportSize({ width: 1280, height: 800 });

    await prepare(page, { Frames: 2, Steps: 1 });
    await generate(page);
    await finished(page, 2);
    const made = await stripPixels(page);
    await set(page, { Seed: 7 });
    await button(page, 'Delete frame 2').click();
    await expect(frames(page)).toHaveCount(1);

    await expect(button(page, 'Undo')).toHaveAccessibleDescription('Undo: Delete frame (Ctrl Z)');
    await button(page, 'Undo').click();
    await expectSaid(page, 'Undone: Delete frame.');
    await expect(frames(page)).toHaveCount(2);
    await expect(page.getByText('1 frame was deleted.')).toHaveCount(0);
    await page.keyboard.press('Control+z');
    await expect(field(page, 'Seed')).toHaveValue('0');
    await page.keyboard.press('Control+z');
    await expectSaid(page, 'Undone: Generate.');
    await expect(frames(page)).toHaveCount(0);
    await page.keyboard.press('Control+Shift+z');
    await expect(frames(page)).toHaveCount(2);
    await page.keyboard.press('Control+y');
    await expect(field(page, 'Seed')).toHaveValue('7');

    // In a text field, the shortcuts edit the text.
    await field(page, 'Seed').press('Control+z');
    await expect(frames(page)).toHaveCount(2);
    await expect(button(page, 'Redo')).toBeEnabled();
    await button(page, 'Redo').click();
    await expect(frames(page)).toHaveCount(1);
    await button(page, 'Undo').click();
    await expect(frames(page)).toHaveCount(2);

    await expect(page.getByText('Kept on this device', { exact: true })).toBeVisible();
    await page.reload();
    await expect(frames(page)).toHaveCount(2);
    expect(await stripPixels(page)).toEqual(made);
  },
);
