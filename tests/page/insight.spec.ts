/** What is measured of the frames, as curves that can be looked through. */
import { expect, test } from './fixtures.ts';
import { button, finished, generate, prepare } from './driving.ts';

test(
  'the insight curves show the frame under the mouse, and the selected frame again when it leaves',
  { tag: '@cpu' },
  async ({ page }) => {
    await page.setViewportSize({ width: 390, height: 844 });
    await prepare(page, { Frames: 3, Steps: 2 });
    await generate(page);
    await finished(page, 3);
    await expect(page.getByRole('slider', { name: 'Likeness of the frames' })).toHaveCount(0);
    await button(page, 'Insight').click();
    const curves = page.getByRole('slider', { name: 'Likeness of the frames' });
    await expect(curves).toHaveAttribute(
      'aria-valuetext',
      /^Frame 3,.* frame before −?\d\.\d\d, start −?\d\.\d\d/,
    );

    const measured = await curves.getAttribute('aria-valuetext');
    await curves.hover({ position: { x: 1, y: 20 } });
    await expect(curves).toHaveAttribute('aria-valuetext', /^Frame 1,/);
    expect((await curves.getAttribute('aria-valuetext'))?.slice(7)).not.toBe(measured?.slice(7));
    await expect(page.getByRole('button', { name: 'Frame 1', exact: true })).toHaveAttribute(
      'aria-current',
      'true',
    );
    await page.mouse.move(0, 0);
    await expect(curves).toHaveAttribute('aria-valuenow', '3');

    await curves.click({ position: { x: 1, y: 20 } });
    await page.mouse.move(0, 0);
    await expect(curves).toHaveAttribute('aria-valuenow', '1');
    await curves.press('ArrowRight');
    await expect(curves).toHaveAttribute('aria-valuenow', '2');

    // The legend stays inside a phone's screen.
    const legend = page.locator('dl', { hasText: 'frame before' });
    expect(await legend.evaluate((list) => list.scrollWidth <= list.clientWidth)).toBe(true);
  },
);
