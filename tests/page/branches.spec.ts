import type { Page } from '@playwright/test';
import { button, finished, frame, generate, prepare, set, stripPixels } from './driving.ts';
import { expect, test } from './fixtures.ts';

const tree = (page: Page) => page.getByRole('tree', { name: 'Branches' });
const branch = (page: Page, name: string) => tree(page).getByRole('treeitem', { name, exact: true });

/** Makes three frames, goes back to the first and makes two others with another seed. Returns the pixels of both ways. */
async function makeTwoWays(page: Page): Promise<{ first: Buffer[]; second: Buffer[] }> {
  await prepare(page, { Frames: 3, Steps: 1, Seed: 1 });
  await generate(page);
  await finished(page, 3);
  const first = await stripPixels(page);
  await frame(page, 1).click();
  await button(page, 'Go on from frame 1').click();
  await expect(tree(page)).toHaveCount(0);
  await set(page, { Frames: 2, Seed: 2 });
  await generate(page);
  await finished(page, 3);
  const second = await stripPixels(page);
  expect(second[0]).toEqual(first[0]);
  expect(second[1]).not.toEqual(first[1]);
  return { first, second };
}

async function expectStripToBe(page: Page, pixels: readonly Buffer[]): Promise<void> {
  await expect
    .poll(async () => {
      const now = await stripPixels(page);
      return now.length === pixels.length && now.every((each, at) => pixels[at]?.equals(each));
    })
    .toBe(true);
}

test(
  'branches are drawn once there are two, and are walked by mouse and keyboard',
  { tag: '@cpu' },
  async ({ page }) => {
    const { first, second } = await makeTwoWays(page);
    await expect(tree(page).getByRole('treeitem')).toHaveCount(2);
    await expect(branch(page, 'Frames 2 to 3, from frame 1')).toHaveAttribute('aria-selected', 'true');

    // Beside the last frame, so that it is the one that is meant.
    await branch(page, 'Frames 1 to 3').click();
    await expectStripToBe(page, first);
    await expect(page.getByText('3 / 3', { exact: true })).toBeVisible();
    await expect(branch(page, 'Frames 1 to 3')).toHaveAttribute('aria-selected', 'true');

    // Arrow keys move the focus alone.
    await branch(page, 'Frames 1 to 3').focus();
    await page.keyboard.press('ArrowDown');
    await expect(branch(page, 'Frames 2 to 3, from frame 1')).toBeFocused();
    await expect(branch(page, 'Frames 1 to 3')).toHaveAttribute('aria-selected', 'true');
    await page.keyboard.press('Enter');
    await expectStripToBe(page, second);
    // At the first frame that is another one.
    await expect(page.getByText('2 / 3', { exact: true })).toBeVisible();
    await expect(branch(page, 'Frames 2 to 3, from frame 1')).toBeFocused();
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('Space');
    await expectStripToBe(page, first);
    await button(page, 'Undo').click();
    await expectStripToBe(page, second);

    await expect(page.getByText('Kept on this device', { exact: true })).toBeVisible();
    await page.reload();
    await expectStripToBe(page, second);
    await branch(page, 'Frames 1 to 3').click();
    await expectStripToBe(page, first);
  },
);

test(
  'an edited order stays on its own branch, and comes back after another was played',
  { tag: '@cpu' },
  async ({ page }) => {
    const { first, second } = await makeTwoWays(page);
    await frame(page, 2).click();
    await frame(page, 2).press('Delete');
    const [start, , last] = second;
    const edited = [start, last].flatMap((pixels) => pixels ?? []);
    await expectStripToBe(page, edited);
    await branch(page, 'Frames 2 to 3, from frame 1').click();
    await branch(page, 'Frames 2 to 3, from frame 1').press('Enter');
    await expectStripToBe(page, edited);

    await branch(page, 'Frames 1 to 3').press('Enter');
    await expectStripToBe(page, first);
    const notice = page.getByText(/The edited order of the frames was put aside/);
    await expect(notice).toBeVisible();
    await page.getByRole('status').filter({ has: notice }).getByRole('button', { name: 'Undo' }).click();
    await expectStripToBe(page, edited);
    await expect(notice).toHaveCount(0);
  },
);

test.describe('on a phone', () => {
  test.use({ viewport: { width: 320, height: 568 }, hasTouch: true });

  test('branches are walked by finger, in rows that are large enough', { tag: '@cpu' }, async ({ page }) => {
    const { first } = await makeTwoWays(page);
    const row = branch(page, 'Frames 1 to 3');
    expect((await row.boundingBox())?.height).toBeGreaterThanOrEqual(44);
    await row.tap();
    await expectStripToBe(page, first);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(320);
  });
});
