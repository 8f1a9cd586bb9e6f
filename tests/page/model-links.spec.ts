import type { Page } from '@playwright/test';
import { diffusionRepository, imageVariations } from '../../tools/full-model/model.ts';
import { startHub } from '../support/hub/index.ts';
import type { Hub } from '../support/hub/index.ts';
import { published } from '../support/hub/published.ts';
import {
  button,
  chooseStart,
  finished,
  generate,
  modelIsReady,
  modelsButton,
  nameless,
  open,
  prepare,
  set,
} from './driving.ts';
import { expect, test } from './fixtures.ts';

let hub: Hub;
test.beforeEach(async () => {
  hub = await startHub(published(imageVariations('small')));
});
test.afterEach(async () => {
  await hub.close();
});

/** Computes the costs of a model of the hub in the Models dialog. */
async function lookAt(page: Page, repository: string): Promise<void> {
  await modelsButton(page).click();
  await page.getByText('Add a model').click();
  await page.getByRole('textbox', { name: 'Hub id or address of a manifest' }).fill(repository);
  await button(page, 'Look').click();
}

test('low memory makes frames and is kept for the next visit', { tag: '@cpu' }, async ({ page }) => {
  await prepare(page, { Frames: 1, Steps: 1, Width: 64, Height: 64 });
  await modelsButton(page).click();
  const lowMemory = page.getByRole('switch', { name: 'Low memory', exact: true });
  await expect(lowMemory).not.toBeChecked();
  await lowMemory.click();
  expect(await nameless(page)).toEqual([]);
  await page.keyboard.press('Escape');
  await modelIsReady(page);
  await generate(page);
  await finished(page, 1);

  await page.reload();
  await modelsButton(page).click();
  await expect(lowMemory).toBeChecked();
});

test(
  'a hub model shows its licence, and is opened or offered by a link',
  { tag: '@cpu' },
  async ({ page, context, openBrowser }) => {
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await open(page, `/?hub=${encodeURIComponent(hub.url)}`);
    await modelIsReady(page);
    await lookAt(page, diffusionRepository);
    const card = page.getByRole('region', { name: 'The model to add' });
    const home = `${hub.url}/${diffusionRepository}`;
    await expect(card.getByRole('link', { name: 'creativeml-openrail-m' })).toHaveAttribute('href', home);
    await expect(card.getByRole('link', { name: home.replace('http://', '') })).toHaveAttribute('href', home);
    await button(page, 'Get this model').click();
    await page.getByRole('dialog').getByRole('button', { name: 'Use it' }).click();
    await page.keyboard.press('Escape');
    await modelIsReady(page, diffusionRepository);
    await set(page, { Steps: 6 });
    await page.getByText('More settings').click();
    await button(page, 'Copy settings as a link').click();
    await expect(page.getByText('It opens Drift with these settings and this model.')).toBeVisible();
    const link = await page.evaluate(() => navigator.clipboard.readText());
    await modelsButton(page).click();
    await button(page, 'Use the built-in model').click();
    await page.keyboard.press('Escape');
    await modelIsReady(page, 'Little worlds');
    await page.goto('about:blank');
    await open(page, link);
    await modelIsReady(page, diffusionRepository);

    // In a browser where the model is not installed.
    const other = await openBrowser();
    hub.reset();
    await open(other, link);
    await expect(other.getByText(`not on this device: ${diffusionRepository}.`)).toBeVisible();
    expect(hub.requests, 'no request to the hub before the user asks').toEqual([]);
    await button(other, 'See what it takes').click();
    await button(other, 'Get this model').click();
    await other.keyboard.press('Escape');
    await modelIsReady(other, diffusionRepository);
    await chooseStart(other);
    await set(other, { Frames: 1, Steps: 1, Width: 64, Height: 64 });
    await generate(other);
    await finished(other, 1);
  },
);
