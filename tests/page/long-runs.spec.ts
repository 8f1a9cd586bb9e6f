import type { Page } from '@playwright/test';
import { button, field, finished, generate, prepare, showMoreSettings } from './driving.ts';
import { expect, inWholeBrowser, test } from './fixtures.ts';

// The headless shell has no permissions that can be asked for.
test.use(inWholeBrowser);

/** Simulates hiding or showing the tab (`visibilitychange`). */
async function setHidden(page: Page, hidden: boolean): Promise<void> {
  await page.evaluate((isHidden) => {
    Object.defineProperty(document, 'hidden', { value: isHidden, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
  }, hidden);
}

test(
  'the title says that a run has ended in a hidden tab, until the tab is shown again',
  { tag: '@cpu' },
  async ({ page }) => {
    await prepare(page, { Frames: 2, Steps: 2 });
    await generate(page);
    await setHidden(page, true);
    await finished(page, 2);
    await expect(page).toHaveTitle('✓ 2 frames made – Drift');
    await setHidden(page, false);
    await expect(page).toHaveTitle('Drift');
  },
);

test(
  'notifications are asked for by a switch only, and a refusal is explained',
  { tag: '@cpu' },
  async ({ page, context }) => {
    await page.addInitScript(() => {
      const asked: boolean[] = [];
      Object.assign(window, { asked });
      const requestPermission = Notification.requestPermission.bind(Notification);
      Notification.requestPermission = () => {
        asked.push(navigator.userActivation.isActive);
        return requestPermission();
      };
    });
    await context.clearPermissions();
    await prepare(page, { Frames: 1 });
    const asked = () => page.evaluate<unknown>('asked');
    expect(await asked()).toEqual([]);
    await showMoreSettings(page);
    await expect(field(page, 'Width')).toBeVisible();
    const notify = page.getByRole('switch', { name: 'Notify me when frames are done' });
    await notify.click();
    expect(await asked()).toEqual([true]);
    // Headless Chromium denies permission for notifications.
    await expect(page.getByText('The browser does not let this page show notifications.')).toBeVisible();
    await expect(notify).not.toBeChecked();

    await context.grantPermissions(['notifications']);
    await notify.click();
    await expect(notify).toBeChecked();
    await expect(page.getByText('The browser does not let this page')).toHaveCount(0);
    await notify.click();
    await expect(notify).not.toBeChecked();
    expect(await asked()).toEqual([true, true]);
    await expect(button(page, 'Generate')).toBeEnabled();
  },
);
