import {
  button,
  downloaded,
  field,
  finished,
  generate,
  modelIsReady,
  open,
  pageWithoutModel,
  prepare,
  set,
  showMoreSettings,
  stripPixels,
} from './driving.ts';
import { expect, test } from './fixtures.ts';
import { readBack, needsReaders } from './media/programs.ts';

test.describe('smooth mode', { tag: '@cpu' }, () => {
  test('makes the frames between variants and closes the loop; the GIF plays at its frame rate', async ({
    page,
  }) => {
    needsReaders();
    await prepare(page, {});
    await page.getByRole('tab', { name: 'Smooth', exact: true }).click();
    await showMoreSettings(page);
    for (const name of ['Frames', 'Intermediate frames', 'Batch size', 'Noise shift', 'Frame rate']) {
      await expect(field(page, name)).toHaveAccessibleDescription(/\w+ \w+/);
    }
    await expect(field(page, 'Frame rate')).toHaveValue('20');
    await set(page, { Frames: 2, 'Intermediate frames': 3, Steps: 3 });
    const loop = page.getByRole('switch', { name: 'Close the loop', exact: true });
    await expect(loop).toHaveAccessibleDescription(/without a seam/);
    await loop.click();
    await expect(page.getByText('Starts from your picture: 10 new frames.')).toBeVisible();

    const numbers = page.evaluate(
      () =>
        new Promise<string[]>((resolve) => {
          const list = document.querySelector('ul[aria-label="Frames"]');
          const seen: string[] = [];
          const watching = new MutationObserver(() => {
            const items = [...(list?.children ?? [])].map((item) => item.textContent);
            seen.push(...items.slice(seen.length));
            if (seen.length === 10) resolve(seen);
          });
          if (list) watching.observe(list, { childList: true });
        }),
    );
    await generate(page);
    await finished(page, 10);
    expect(await numbers).toEqual(['1', '2', '3', '4', '5', '6', '7', '8', '9', '10']);

    const frames = await stripPixels(page);
    const difference = (a: number, b: number) => {
      const [one, other] = [frames[a - 1] ?? Buffer.alloc(0), frames[b - 1] ?? Buffer.alloc(0)];
      return one.reduce((sum, value, i) => sum + Math.abs(value - (other[i] ?? NaN)), 0) / one.length;
    };
    expect(difference(1, 10), 'difference between the last frame and the first').toBeLessThan(0.1);
    expect(difference(1, 4)).toBeGreaterThan(difference(1, 10));

    const seen = await readBack(await downloaded(page, 'Download GIF'), 'gif');
    expect(seen.frames).toHaveLength(10);
    expect(seen.frameRate).toBeCloseTo(20, 5);
  });

  test('works by keyboard, and is restored on the next visit', async ({ page }) => {
    await prepare(page, {});
    const tab = (name: string) => page.getByRole('tab', { name, exact: true });
    await tab('Automatic').focus();
    await page.keyboard.press('ArrowRight');
    await expect(tab('Smooth')).toBeFocused();
    await expect(tab('Smooth')).toHaveAttribute('aria-selected', 'true');
    await set(page, { Frames: 1, 'Intermediate frames': 2, 'Batch size': 1, Steps: 1 });
    const loop = page.getByRole('switch', { name: 'Close the loop', exact: true });
    await loop.focus();
    await page.keyboard.press('Space');
    await expect(loop).toBeChecked();
    await page.getByRole('combobox', { name: 'Easing', exact: true }).selectOption('Slow at both ends');

    await page.reload();
    await modelIsReady(page);
    await expect(tab('Smooth')).toHaveAttribute('aria-selected', 'true');
    await expect(field(page, 'Intermediate frames')).toHaveValue('2');
    await expect(loop).toBeChecked();
    await expect(page.getByRole('combobox', { name: 'Easing', exact: true })).toHaveValue('in-out');

    await tab('Smooth').focus();
    await page.keyboard.press('ArrowLeft');
    await expect(field(page, 'Intermediate frames')).toHaveCount(0);
    await expect(field(page, 'Frame rate')).toHaveValue('10');
    await expect(button(page, 'Generate')).toBeEnabled();
  });

  test.describe('on a phone', () => {
    test.use({ viewport: { width: 390, height: 844 }, hasTouch: true });

    test('there is no horizontal overflow', async ({ page }) => {
      await open(page, pageWithoutModel());
      await page.getByRole('tab', { name: 'Smooth', exact: true }).tap();
      for (const width of [320, 390, 844]) {
        await page.setViewportSize({ width, height: 844 });
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
      }
    });
  });
});
