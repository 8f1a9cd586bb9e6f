/** Charts of insights. */
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
    const value = '−?\\d\\.\\d\\d';
    await expect(curves).toHaveAttribute(
      'aria-valuetext',
      new RegExp(`^Frame 3, positive prompts ${value}, negative prompts ${value}$`),
    );
    await page.getByRole('radio', { name: 'Guidance' }).click();
    await expect(curves).toHaveAttribute('aria-valuetext', new RegExp(`^Frame 3, before guidance ${value}$`));
    await expect(page.getByText('Likeness of the embedding before and after guidance')).toBeVisible();
    await page.getByRole('radio', { name: 'Frames', exact: true }).click();
    await expect(curves).toHaveAttribute(
      'aria-valuetext',
      new RegExp(`^Frame 3, frame before ${value}, start picture ${value}$`),
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

    // Fits a phone's screen without overlapping labels.
    const insight = page.getByRole('region', { name: 'Insight' });
    expect(await insight.evaluate((region) => region.scrollWidth <= region.clientWidth)).toBe(true);
    const tops = await curves.evaluate((plot) =>
      [...(plot.parentElement?.querySelectorAll('[aria-hidden] > span') ?? [])]
        .filter((label) => label.textContent.includes('.'))
        .map((label) => label.getBoundingClientRect())
        .map(({ top, bottom }) => ({ top, bottom }))
        .sort((a, b) => a.top - b.top),
    );
    expect(tops.length).toBeGreaterThanOrEqual(2);
    expect(tops.slice(1).every(({ top }, i) => top >= (tops[i]?.bottom ?? 0))).toBe(true);
    // A `dl` may contain only groups of a term and its value.
    expect(await insight.locator('dl > :not(div), dl > div > :not(dt, dd)').count()).toBe(0);

    await page.reload();
    await expect(page.getByRole('radio', { name: 'Frames', exact: true })).toBeChecked();
  },
);
