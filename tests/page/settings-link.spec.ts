import { button, field, modelIsReady, open, set } from './driving.ts';
import { expect, test } from './fixtures.ts';

test('settings are copied as a link and applied from it', { tag: '@cpu' }, async ({ page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await open(page);
  await modelIsReady(page);
  await page.getByRole('tab', { name: 'Smooth', exact: true }).click();
  await set(page, { Steps: 6, 'Noise shift': 0.25 });
  const speed = page.getByRole('radiogroup', { name: 'Speed', exact: true });
  await expect(speed.getByRole('radio', { name: 'Exact', exact: true })).toBeChecked();
  await speed.getByRole('radio', { name: 'Exact', exact: true }).press('ArrowRight');
  await expect(speed).toHaveAccessibleDescription(/3 of 6 steps: saves 50 %/);
  await page.getByRole('switch', { name: 'Close the loop', exact: true }).click();
  await page.getByText('More settings').click();
  await button(page, 'Copy settings as a link').click();
  await expect(page.getByText('The link is copied.')).toBeVisible();
  const link = await page.evaluate(() => navigator.clipboard.readText());

  // On a page with other settings.
  await button(page, 'Reset to defaults').click();
  await set(page, { Seed: 9 });
  await page.goto('about:blank');
  await open(page, `${link}&colour=red`);
  await modelIsReady(page);
  await expect(page.getByText('Left out, because they cannot be used: “colour”.')).toBeVisible();
  await expect(page.getByRole('switch', { name: 'Close the loop', exact: true })).toBeChecked();
  await expect(speed.getByRole('radio', { name: 'Fast', exact: true })).toBeChecked();
  for (const [name, value] of Object.entries({ Steps: '6', 'Noise shift': '0.25', Seed: '0' })) {
    await expect(field(page, name)).toHaveValue(value);
  }
  expect(new URL(page.url()).hash).toBe('');
  await button(page, 'Undo').click();
  await expect(field(page, 'Seed')).toHaveValue('9');
});
