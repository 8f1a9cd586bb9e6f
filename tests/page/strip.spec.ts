import { readFile } from 'node:fs/promises';
import { unzipSync } from 'fflate';
import type { Locator, Page } from '@playwright/test';
import { readPng } from '../../tools/png.ts';
import {
  button,
  finished,
  frame,
  frames,
  generate,
  open,
  pageWithoutModel,
  prepare,
  set,
  stripPixels,
} from './driving.ts';
import { importFrames } from './export-dialog.ts';
import { expect, test } from './fixtures.ts';
import { makeFrame } from './media/frames.ts';

const side = 64;
const count = 5;

/** A project of five pictures, without a model. */
async function openPictures(page: Page): Promise<void> {
  await open(page, pageWithoutModel());
  await importFrames(
    page,
    Array.from({ length: count }, (_, i) => makeFrame(i, side, side)),
  );
}

function tile(page: Page, number: number): Locator {
  return page
    .getByRole('list', { name: 'Frames' })
    .getByRole('button')
    .nth(number - 1);
}

/** Which of the pictures, counted from 1, pixels show. */
function pictureOf(rgb: ArrayLike<number>): number {
  const differences = Array.from({ length: count }, (_, index) => {
    const { data } = makeFrame(index, side, side);
    let sum = 0;
    for (let i = 0; i < side * side; i++) {
      for (let c = 0; c < 3; c++) sum += Math.abs((rgb[3 * i + c] ?? 0) - (data[4 * i + c] ?? 0));
    }
    return sum;
  });
  return 1 + differences.indexOf(Math.min(...differences));
}

async function expectStrip(page: Page, pictures: readonly number[]): Promise<void> {
  await expect.poll(async () => (await stripPixels(page)).map(pictureOf)).toEqual(pictures);
}

const tools = (page: Page) => page.getByRole('toolbar', { name: 'Selected frames' });

async function expectKept(page: Page): Promise<void> {
  await expect(page.getByText('Kept on this device', { exact: true })).toBeVisible();
}

test(
  'frames are edited with the mouse; edits are undone, stay after a reload and are exported',
  { tag: '@cpu' },
  async ({ page }) => {
    await openPictures(page);
    await tile(page, 2).click();
    await expect(tools(page)).toHaveCount(0);
    await tile(page, 3).click({ modifiers: ['Shift'] });
    await expect(tools(page)).toContainText('2 frames');
    await tools(page).getByRole('button', { name: 'Duplicate', exact: true }).click();
    await expectStrip(page, [1, 2, 3, 2, 3, 4, 5]);
    // The copies are selected.
    await tools(page).getByRole('button', { name: 'Delete', exact: true }).click();
    await expectStrip(page, [1, 2, 3, 4, 5]);
    await button(page, 'Undo').click();
    await expectStrip(page, [1, 2, 3, 2, 3, 4, 5]);
    await button(page, 'Undo').click();
    await expectStrip(page, [1, 2, 3, 4, 5]);

    // Dragged to before frame 2.
    const [from, to] = [await tile(page, 5).boundingBox(), await tile(page, 2).boundingBox()];
    await page.mouse.move((from?.x ?? 0) + 36, (from?.y ?? 0) + 36);
    await page.mouse.down();
    // The code that follows the mouse is loaded by the press.
    const move = async () => {
      await page.mouse.move((to?.x ?? 0) + 60, (to?.y ?? 0) + 36);
      await page.mouse.move((to?.x ?? 0) + 8, (to?.y ?? 0) + 36);
      return page.locator('[data-dragging]').count();
    };
    await expect.poll(move).toBe(1);
    await page.mouse.up();
    await expectStrip(page, [1, 5, 2, 3, 4]);

    await tile(page, 1).click();
    await tools(page).getByRole('spinbutton', { name: 'Hold' }).fill('3');
    await tools(page).getByRole('spinbutton', { name: 'Hold' }).blur();
    await expect(tile(page, 1)).toHaveAccessibleName('Frame 1 shown for 3 frame times');
    await tile(page, 4).click({ modifiers: ['ControlOrMeta'] });
    await tile(page, 5).click({ modifiers: ['ControlOrMeta'] });
    await expect(tools(page)).toContainText('3 frames');
    await tools(page).getByRole('button', { name: 'Keep only', exact: true }).click();
    await expectStrip(page, [1, 3, 4]);
    await expectKept(page);

    await page.reload();
    await expectStrip(page, [1, 3, 4]);
    await expect(tile(page, 1)).toHaveAccessibleName('Frame 1 shown for 3 frame times');
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      button(page, 'Download ZIP').click(),
    ]);
    const files = unzipSync(await readFile(await download.path()));
    const shown = Object.values(files).map((png) =>
      pictureOf(readPng(png).data.filter((_, index) => index % 4 !== 3)),
    );
    expect(shown).toEqual([1, 1, 1, 3, 4]);
  },
);

test(
  'a strip shortcut does not take the focus back from where the user went',
  { tag: '@cpu' },
  async ({ page }) => {
    await openPictures(page);
    await tile(page, 2).focus();
    const elsewhere = button(page, 'Export');
    await elsewhere.evaluate((target) => {
      const shortcut = { key: 'a', ctrlKey: true, bubbles: true, cancelable: true };
      document.activeElement?.dispatchEvent(new KeyboardEvent('keydown', shortcut));
      target.focus();
    });
    await expect(tools(page)).toContainText('5 frames');
    await page.evaluate(
      () => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))),
    );
    await expect(elsewhere).toBeFocused();
  },
);

test('frames are edited by keyboard, and the focus is never lost', { tag: '@cpu' }, async ({ page }) => {
  await openPictures(page);
  const focused = () => page.evaluate(() => document.activeElement?.getAttribute('data-position'));
  await tile(page, 2).click();
  await page.keyboard.press('Shift+ArrowRight');
  await expect(tools(page)).toContainText('2 frames');
  await page.keyboard.press('Alt+ArrowRight');
  await expectStrip(page, [1, 4, 2, 3, 5]);
  await expect.poll(focused).toBe('3');
  await page.keyboard.press('Escape');
  await expect(tools(page)).toHaveCount(0);
  await page.keyboard.press('Delete');
  await expectStrip(page, [1, 4, 3, 5]);
  await expect.poll(focused).toBe('3');
  await page.keyboard.press('Control+d');
  await expectStrip(page, [1, 4, 3, 3, 5]);
  await page.keyboard.press('Control+z');
  await page.keyboard.press('Control+z');
  await expectStrip(page, [1, 4, 2, 3, 5]);
  await page.keyboard.press('Control+y');
  await expectStrip(page, [1, 4, 3, 5]);

  await tile(page, 1).focus();
  await page.keyboard.press('Control+a');
  await expect(tools(page)).toContainText('4 frames');
  await tools(page).getByRole('button', { name: 'End the selection' }).press('Enter');
  await expect(tools(page)).toHaveCount(0);
  await expect.poll(focused).not.toBeNull();
});

test(
  'a frame is made again with another seed in its place, and begins a new project',
  { tag: '@cpu' },
  async ({ page }) => {
    await prepare(page, { Frames: 3, Steps: 1 });
    await generate(page);
    await finished(page, 3);
    const before = await stripPixels(page);
    await frame(page, 2).click();
    await button(page, 'Edit frames').click();
    await tools(page).getByRole('button', { name: 'Make again', exact: true }).click();
    await expect
      .poll(async () => (await stripPixels(page)).map((pixels, i) => before[i]?.equals(pixels)))
      .toEqual([true, false, true]);
    await finished(page, 3);
    await expectKept(page);
    await page.reload();
    await expect
      .poll(async () => (await stripPixels(page)).map((pixels, i) => before[i]?.equals(pixels)))
      .toEqual([true, false, true]);

    await frame(page, 1).click();
    await button(page, 'Edit frames').click();
    await tools(page).getByRole('button', { name: 'New project', exact: true }).click();
    await expect(frames(page)).toHaveCount(0);
    await expect(page.getByText('3 frames were put aside.')).toBeVisible();
    await button(page, 'Undo').click();
    await expect(frames(page)).toHaveCount(3);
  },
);

test.describe('on a phone', () => {
  test.use({ viewport: { width: 390, height: 844 }, hasTouch: true });

  for (const [width, height] of [
    [390, 844],
    [320, 568],
  ] as const) {
    test(
      `the tools of selected frames leave the strip in view at ${width}×${height}`,
      { tag: '@cpu' },
      async ({ page }) => {
        await page.setViewportSize({ width, height });
        await openPictures(page);
        await button(page, 'Edit frames').tap();
        await expect(tools(page)).toBeInViewport({ ratio: 1 });
        // The tools take the place of the run bar, so that they do not push the strip out of view.
        await expect(button(page, 'Generate')).toBeHidden();
        const gap = async () => {
          const [strip, bar] = [await tile(page, count).boundingBox(), await tools(page).boundingBox()];
          return (bar?.y ?? 0) - ((strip?.y ?? Infinity) + (strip?.height ?? 0));
        };
        await expect.poll(gap).toBeGreaterThanOrEqual(0);
        await expect(tile(page, count)).toBeInViewport({ ratio: 1 });
        await tile(page, count - 1).tap();
        await expect(tools(page)).toContainText('2 frames');
        await tools(page).getByRole('button', { name: 'Delete', exact: true }).tap();
        await expectStrip(page, [1, 2, 3]);
        await tools(page).getByRole('button', { name: 'End the selection' }).tap();
        await expect(button(page, 'Generate')).toBeVisible();
      },
    );
  }

  test('in landscape, frames, tools and insight are in view', { tag: '@cpu' }, async ({ page }) => {
    await page.setViewportSize({ width: 844, height: 390 });
    await openPictures(page);
    await expect(button(page, 'Play')).toBeInViewport({ ratio: 1 });
    await expect(tile(page, count)).toBeInViewport({ ratio: 1 });
    await button(page, 'Edit frames').tap();
    await expect(tools(page)).toBeInViewport({ ratio: 1 });
    await expect(tile(page, count)).toBeInViewport({ ratio: 1 });
    await tools(page).getByRole('button', { name: 'End the selection' }).tap();
    await button(page, 'Insight').tap();
    await expect(page.getByRole('slider', { name: 'Likeness of the frames' })).toBeInViewport({ ratio: 1 });
  });

  test('Stop stays in reach while frames are selected', { tag: '@cpu' }, async ({ page }) => {
    await prepare(page, { Frames: 1, Steps: 1 });
    await generate(page);
    await finished(page, 1);
    await page.getByRole('spinbutton', { name: 'Frames', exact: true }).fill('1000');
    await generate(page);
    await button(page, 'Edit frames').tap();
    await expect(tools(page)).toHaveCount(1);
    await button(page, 'Stop').tap();
    await expect(tools(page)).toBeInViewport({ ratio: 1 });
    await expect(button(page, 'Generate')).toBeHidden();
  });

  test(
    'the tools are in reach while the queue is paused, as they work',
    { tag: '@cpu' },
    async ({ page }) => {
      await prepare(page, { Frames: 1, Steps: 1 });
      await generate(page);
      await finished(page, 1);
      await set(page, { Frames: 999, Steps: 50 });
      await generate(page);
      await button(page, 'Add to queue').tap();
      await button(page, 'Stop all').tap();
      await expect(page.getByRole('region', { name: 'Queue' })).toHaveCount(0);
      await button(page, 'Undo').click();
      await expect(page.getByText('Paused, as no frames are being made.')).toBeVisible();
      await button(page, 'Edit frames').tap();
      await expect(tools(page)).toBeInViewport({ ratio: 1 });
      await expect(tools(page).getByRole('button', { name: 'Duplicate', exact: true })).toBeEnabled();
    },
  );
});
