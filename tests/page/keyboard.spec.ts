/** The whole journey without a mouse and without eyes: by keys alone, along the accessibility tree. */
import { readFile } from 'node:fs/promises';
import { decompressFrames, parseGIF } from 'gifuct-js';
import type { Locator, Page } from '@playwright/test';
import { button, field, finished, frames, modelIsReady, open } from './driving.ts';
import { expect, test } from './fixtures.ts';

/** Records, in every drawn picture of the page, what lost the focus to the document. */
async function watchFocus(page: Page): Promise<void> {
  await page.addInitScript(() => {
    globalThis.lostFocus = [];
    let last = '';
    requestAnimationFrame(function look() {
      const { activeElement } = document;
      if (activeElement !== document.body) {
        last = activeElement?.outerHTML.slice(0, 120) ?? '';
      } else if (last !== '' && document.hasFocus() && globalThis.lostFocus.at(-1) !== last) {
        globalThis.lostFocus.push(last);
      }
      requestAnimationFrame(look);
    });
  });
}

declare global {
  /** Elements that lost the focus, as HTML. */
  var lostFocus: string[];
}

/** Presses Tab, or Shift and Tab, until an element has the focus. */
async function tabTo(page: Page, target: Locator, keys: 'Tab' | 'Shift+Tab' = 'Tab'): Promise<void> {
  const isFocused = () => target.evaluate((element) => element === document.activeElement);
  for (let presses = 0; presses < 60; presses++) {
    await page.keyboard.press(keys);
    if (await isFocused()) return;
  }
  await expect(target, 'reached by the Tab key').toBeFocused();
}

test('the whole journey by keyboard alone', { tag: '@cpu' }, async ({ page }) => {
  await watchFocus(page);
  await open(page);
  const stage = page.getByRole('region', { name: 'Stage' });
  await expect(page.getByRole('main')).toMatchAriaSnapshot(`
    - main:
      - region "Stage":
        - 'heading "Drift turns one picture into an animation: each frame is a variant of the one before." [level=2]'
        - list "Examples":
          - listitem:
            - 'button "Dream : orange mountains at sunset become other landscapes, one after the other"'
      - group "Player"
      - group "Downloads"
      - group "Film strip"
      - region "Controls":
        - radiogroup "Recipe"
        - tablist "Mode"
        - tabpanel "Automatic"
        - button "Generate"
  `);
  await modelIsReady(page);

  await tabTo(page, stage.getByRole('button', { name: /^Dream/ }));
  await page.keyboard.press('Enter');
  await expect(page.getByRole('img', { name: 'Start', exact: true })).toBeVisible();
  await expect(button(page, 'Generate'), 'the next step').toBeFocused();
  await expect(button(page, 'Generate')).toHaveAccessibleDescription('Starts from your picture.');
  for (const [name, value] of [
    ['Steps', '2'],
    ['Frames', '3'],
  ] as const) {
    await tabTo(page, field(page, name), 'Shift+Tab');
    await page.keyboard.type(value);
  }
  await tabTo(page, button(page, 'Generate'));
  await page.keyboard.press('Enter');
  await finished(page, 3);
  await expect(page.getByRole('status').filter({ hasText: '3' })).not.toHaveCount(0);
  await expect(page.getByRole('main')).toMatchAriaSnapshot(`
    - main:
      - region "Stage":
        - img "The picture on the stage"
      - group "Film strip":
        - list "Frames":
          - listitem:
            - button "Frame 1"
          - listitem:
            - button "Frame 2"
          - listitem:
            - button "Frame 3"
  `);

  const tile = (number: number) => page.getByRole('button', { name: `Frame ${number}`, exact: true });
  await tabTo(page, tile(3), 'Shift+Tab');
  await page.keyboard.press('ArrowLeft');
  await expect(tile(2)).toBeFocused();
  await page.keyboard.press('Control+Space');
  await expect(page.getByRole('toolbar', { name: 'Selected frames' })).toContainText('Frame 2');
  await page.keyboard.press('Delete');
  await expect(frames(page)).toHaveCount(2);
  await page.keyboard.press('Control+z');
  await expect(frames(page)).toHaveCount(3);

  await tabTo(page, button(page, 'Download GIF'), 'Shift+Tab');
  const [download] = await Promise.all([page.waitForEvent('download'), page.keyboard.press('Enter')]);
  const gif = parseGIF(new Uint8Array(await readFile(await download.path())).buffer);
  expect(decompressFrames(gif, true)).toHaveLength(3);
  await expect(page.getByRole('group', { name: 'Downloads' }).locator(':focus')).toHaveCount(1);

  await tabTo(page, button(page, 'Export'));
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Export' });
  await expect(dialog.locator(':focus')).toHaveCount(1);
  await expect(dialog).toMatchAriaSnapshot(`
    - dialog "Export":
      - radiogroup "Format":
        - radio "GIF" [checked]
      - button "Save"
  `);
  await page.keyboard.press('Escape');
  await expect(dialog).toHaveCount(0);
  await expect(button(page, 'Export')).toBeFocused();
  expect(await page.evaluate(() => globalThis.lostFocus)).toEqual([]);
});
