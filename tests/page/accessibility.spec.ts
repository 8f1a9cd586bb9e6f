/** Every state of the page by axe-core's rules, and the whole journey by keyboard alone. */
import type { Locator, Page } from '@playwright/test';
import { expectAccessible, injectAxe } from './axe.ts';
import {
  button,
  chooseStart,
  field,
  finished,
  frame,
  generate,
  modelsButton,
  open,
  pageWithoutModel,
  prepare,
  set,
  showMoreSettings,
} from './driving.ts';
import { importFrames } from './export-dialog.ts';
import { expect, test } from './fixtures.ts';
import { makeFrame } from './media/frames.ts';

// Without transitions, whose colours in between are nobody's choice.
test.use({ contextOptions: { reducedMotion: 'reduce' } });

test.beforeEach(async ({ page }) => {
  await injectAxe(page);
});

const dialog = (page: Page, name: string): Locator => page.getByRole('dialog', { name, exact: true });

/** Opens a dialog with the button of its name, checks it, and closes it. */
async function checkDialog(page: Page, name: string, state: string): Promise<void> {
  await (name === 'Models' ? modelsButton(page) : button(page, name)).click();
  await expect(dialog(page, name)).toBeVisible();
  await expectAccessible(page, state);
  await page.keyboard.press('Escape');
  await expect(dialog(page, name)).toHaveCount(0);
}

const noPicture = { name: 'notes.png', mimeType: 'image/png', buffer: Buffer.from('not a picture') };

test('axe finds nothing on the first visit', { tag: '@cpu' }, async ({ page }) => {
  await open(page);
  await expectAccessible(page, 'the first visit');
  await button(page, 'Help').click();
  await expectAccessible(page, 'the help');
  await page.keyboard.press('Escape');
  await checkDialog(page, 'Models', 'the models');
  await checkDialog(page, 'Projects', 'no projects yet');
  await page.getByLabel('Start image').setInputFiles(noPicture);
  await expect(page.getByRole('alert')).toBeVisible();
  await expectAccessible(page, 'an error');
});

test('axe finds nothing while frames are made, edited and exported', { tag: '@cpu' }, async ({ page }) => {
  await prepare(page, { Frames: 3, Steps: 1, Seed: 1 });
  await showMoreSettings(page);
  await expectAccessible(page, 'a start picture, all settings unfolded');
  await set(page, { Steps: 0 });
  await expectAccessible(page, 'a number that is not allowed');
  await set(page, { Steps: 1 });
  await generate(page);
  await finished(page, 3);
  await expectAccessible(page, 'frames');
  await checkDialog(page, 'Export', 'the export');
  await checkDialog(page, 'Projects', 'a project in the list');
  await button(page, 'Insight').click();
  await expectAccessible(page, 'the insight chart');
  await frame(page, 1).click();
  await button(page, 'Go on from frame 1').click();
  await set(page, { Frames: 2, Seed: 2 });
  await generate(page);
  await finished(page, 3);
  await expect(page.getByRole('tree', { name: 'Branches' })).toBeVisible();
  await expectAccessible(page, 'branches');
  await button(page, 'Edit frames').click();
  await expect(page.getByRole('toolbar', { name: 'Selected frames' })).toBeVisible();
  await expectAccessible(page, 'selected frames');

  await set(page, { Frames: 999, Steps: 50 });
  await generate(page);
  await button(page, 'Add to queue').click();
  await button(page, 'Add to queue').click();
  await expect(page.getByRole('list', { name: 'Queued runs' }).getByRole('listitem')).toHaveCount(2);
  await expectAccessible(page, 'a run in progress and others in the queue');
  await button(page, 'Stop all').click();
  await expect(button(page, 'Generate')).toBeEnabled();

  await page.getByRole('tab', { name: 'Smooth' }).click();
  await expectAccessible(page, 'the settings of smooth mode');
  await page.getByRole('tab', { name: 'Pick by hand' }).click();
  await set(page, { 'Batch size': 2, Steps: 2 });
  await button(page, 'Generate').click();
  await expect(page.getByText(/: take one/)).toBeVisible();
  await expectAccessible(page, 'variants to pick from');
});

test.describe('in forced colours', () => {
  test.use({ contextOptions: { reducedMotion: 'reduce', forcedColors: 'active' } });

  test('what is on, selected or under way can be told apart', { tag: '@cpu' }, async ({ page }) => {
    await open(page, pageWithoutModel());
    await importFrames(
      page,
      Array.from({ length: 3 }, (_, i) => makeFrame(i, 96, 64)),
    );
    const styleOf = (element: Locator, pseudo: string | null, property: string) =>
      element.evaluate(
        (target, [pseudo, property]) => getComputedStyle(target, pseudo).getPropertyValue(property),
        [pseudo, property] as const,
      );
    const fill = page.getByRole('progressbar', { name: 'Loading the model' }).locator('div');
    const canvas = await styleOf(page.locator('body'), null, 'background-color');
    expect(await styleOf(fill, null, 'background-color'), 'progress').not.toBe(canvas);

    await frame(page, 2).click();
    const tile = (number: number) => frame(page, number).locator('xpath=ancestor::button');
    const border = (number: number) => styleOf(tile(number), '::after', 'border-top-style');
    expect(await border(1)).toBe('none');
    expect(await border(2), 'the current frame').toBe('solid');
    await button(page, 'Edit frames').click();
    await expect(tile(2)).toHaveAttribute('aria-pressed', 'true');
    expect(await border(2), 'the current frame, selected').toBe('double');

    const loop = button(page, 'Loop');
    const colour = async (pressed: boolean) => {
      await expect(loop).toHaveAttribute('aria-pressed', String(pressed));
      return styleOf(loop, null, 'background-color');
    };
    const pressed = await colour(true);
    await loop.click();
    expect(await colour(false), 'a button that is not pressed').not.toBe(pressed);

    await button(page, 'Export').click();
    const looping = dialog(page, 'Export').getByRole('switch', { name: 'Loop' });
    const knobs = async () =>
      [
        await styleOf(looping, null, 'background-color'),
        await styleOf(looping, '::before', 'background-color'),
      ] as const;
    await looping.check();
    const [on, knobOn] = await knobs();
    expect(knobOn, 'the knob on its switch').not.toBe(on);
    await looping.uncheck();
    const [off, knobOff] = await knobs();
    expect(knobOff, 'the knob on its switch').not.toBe(off);
    expect(off, 'a switch that is off').not.toBe(on);
  });
});

test.describe('on a phone', () => {
  const [small, large] = [
    { width: 320, height: 568 },
    { width: 390, height: 844 },
  ];
  test.use({ viewport: small, hasTouch: true, colorScheme: 'light' });

  test('axe finds nothing', { tag: '@cpu' }, async ({ page }) => {
    const expectAccessibleOnBoth = async (state: string): Promise<void> => {
      for (const viewport of [large, small]) {
        await page.setViewportSize(viewport);
        await expectAccessible(page, `${state}, ${viewport.width} pixels wide`);
      }
    };
    await open(page);
    await expectAccessibleOnBoth('the first visit');
    await chooseStart(page);
    await set(page, { Frames: 2, Steps: 1 });
    await showMoreSettings(page);
    await expectAccessibleOnBoth('the settings');
    await generate(page);
    await finished(page, 2);
    await expectAccessibleOnBoth('frames');
    await button(page, 'Insight').tap();
    await button(page, 'Edit frames').tap();
    await expectAccessibleOnBoth('the insight chart and selected frames');
    await button(page, 'End the selection').tap();
    for (const viewport of [large, small]) {
      await page.setViewportSize(viewport);
      for (const name of ['Export', 'Projects', 'Models']) {
        await checkDialog(page, name, `the dialog ${name}, ${viewport.width} pixels wide`);
      }
    }
    await field(page, 'Frames').tap();
    await expectAccessibleOnBoth('a field with its help');
  });
});
