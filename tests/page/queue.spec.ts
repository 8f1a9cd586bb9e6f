/** The run queue. */
import type { Page } from '@playwright/test';
import { button, frames, generate, prepare, set } from './driving.ts';
import { expect, test } from './fixtures.ts';

/** Expects both buttons whole in the window, the second to the right of the first. */
async function expectInOrder(page: Page, first: string, second: string): Promise<void> {
  for (const name of [first, second]) await expect(button(page, name)).toBeInViewport({ ratio: 1 });
  const [left, right] = [await button(page, first).boundingBox(), await button(page, second).boundingBox()];
  expect(right?.x, `${second} beside ${first}`).toBeGreaterThanOrEqual(
    (left?.x ?? NaN) + (left?.width ?? NaN),
  );
}

test(
  'runs are queued during a run, reordered, removed and brought back, and made in order',
  { tag: '@cpu' },
  async ({ page }) => {
    // Long enough to be in progress until it is stopped.
    await prepare(page, { Frames: 999, Steps: 50, Seed: 1 });
    await expect(button(page, 'Add to queue')).toHaveCount(0);
    await generate(page);
    await expect(button(page, 'Generate')).toBeDisabled();
    for (const seed of [2, 3, 4]) {
      await set(page, { Frames: 1, Steps: 2, Seed: seed });
      await button(page, 'Add to queue').click();
    }
    const queue = page.getByRole('region', { name: 'Queue' });
    const runs = queue.getByRole('list', { name: 'Queued runs' }).getByRole('listitem');
    await expect(runs).toHaveText([/Automatic · 1 frame.*Steps 2 · Seed 2/, /Seed 3/, /Seed 4/]);

    // With the keyboard, the focus stays on the moved run.
    await button(page, 'Move up run 3').focus();
    await page.keyboard.press('Enter');
    await expect(runs).toHaveText([/Seed 2/, /Seed 4/, /Seed 3/]);
    await expect(button(page, 'Move up run 2')).toBeFocused();
    await button(page, 'Remove run 1').focus();
    await page.keyboard.press('Enter');
    await expect(runs).toHaveText([/Seed 4/, /Seed 3/]);
    await expect(queue.getByRole('list', { name: 'Queued runs' })).toBeFocused();
    await button(page, 'Undo').click();
    await expect(runs).toHaveText([/Seed 2/, /Seed 4/, /Seed 3/]);
    await button(page, 'Remove run 2').click();

    // Stopping the first run starts the second, whose end starts the third.
    await button(page, 'Stop').click();
    await expect(queue).toHaveCount(0);
    await expect(button(page, 'Generate')).toBeEnabled();
    await expect(page.getByText(/^Made 1 frame in/)).toBeVisible();
    await expect(frames(page)).not.toHaveCount(0);
    await expect(button(page, 'Add to queue')).toHaveCount(0);
  },
);

test('Stop all ends the run and empties the queue', { tag: '@cpu' }, async ({ page }) => {
  await prepare(page, { Frames: 999, Steps: 50 });
  await generate(page);
  await button(page, 'Add to queue').click();
  for (const [width, height] of [
    [320, 640],
    [844, 390],
    [1440, 900],
  ] as const) {
    await page.setViewportSize({ width, height });
    await expectInOrder(page, 'Generate', 'Stop');
    await expectInOrder(page, 'Clear queue', 'Stop all');
    const summary = await page.getByText('1 run to come').boundingBox();
    const clear = await button(page, 'Clear queue').boundingBox();
    expect(clear?.y, 'Clear queue stands in the row of the summary').toBeLessThan(
      (summary?.y ?? NaN) + (summary?.height ?? NaN),
    );
  }
  await button(page, 'Stop all').click();
  await expect(button(page, 'Generate')).toBeEnabled();
  await expect(page.getByRole('region', { name: 'Queue' })).toHaveCount(0);
  await expect(button(page, 'Stop')).toBeFocused();
  await expect(page.getByText(/^Stopped\./).first()).toBeVisible();

  // Undo restores the queued runs, paused.
  await button(page, 'Undo').click();
  await expect(page.getByText('Paused, as no frames are being made.')).toBeVisible();
  await set(page, { Steps: 2 });
  await button(page, 'Clear queue').click();
  await expect(page.getByRole('region', { name: 'Queue' })).toHaveCount(0);
});
