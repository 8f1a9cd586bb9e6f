import { readFile } from 'node:fs/promises';
import type { Page } from '@playwright/test';
import {
  button,
  chooseStart,
  finished,
  generate,
  modelIsReady,
  modelsButton,
  open,
  pageWithoutModel,
  prepare,
  set,
} from './driving.ts';
import { importFrames, openDialog } from './export-dialog.ts';
import { expect, inWholeBrowser, test } from './fixtures.ts';
import { makeFrame } from './media/frames.ts';
import { recordMessages } from './worker-messages.ts';

/**
 * The page compared with pictures in `looks/`, light and dark: its two main states at four widths, others at two. Text is set in a font of the tests' own, so
 * that the fonts of the machine do not matter; pictures that a model made are grey. After a change that is meant, look at the new pictures of
 * `npx playwright test tests/page/looks.spec.ts --project=cpu --update-snapshots` before committing them.
 */

const desktop = { width: 1440, height: 900 };
const phone = { width: 390, height: 844 };
const sizes = [desktop, { width: 1024, height: 768 }, phone, { width: 320, height: 568 }];
const schemes = ['light', 'dark'] as const;
const weights = [400, 500, 600, 700] as const;

/** What differs from run to run or between machines: in the font of the tests, pictures in grey, no file sizes. */
const constant = `
  * { font-family: Looks !important; caret-color: transparent !important; }
  main img, main canvas, dialog img, dialog canvas { filter: brightness(0) invert(0.5) !important; }
  footer dd, dialog [aria-live] dd { visibility: hidden !important; }`;

test.use({ contextOptions: { reducedMotion: 'reduce' } });
// The headless shell draws text a little differently.
test.use(inWholeBrowser);

/** Makes the page look the same on all machines, without an exception from its content security policy. */
async function makeConstant(page: Page): Promise<void> {
  const fonts = await Promise.all(
    weights.map(async (weight) => {
      const file = import.meta.resolve(`@fontsource/inter/files/inter-latin-${weight}-normal.woff2`);
      return { weight, bytes: (await readFile(new URL(file))).toString('base64') };
    }),
  );
  await page.evaluate(
    async ({ fonts, css }) => {
      for (const { weight, bytes } of fonts) {
        const data = Uint8Array.from(atob(bytes), (char) => char.charCodeAt(0));
        document.fonts.add(await new FontFace('Looks', data, { weight: String(weight) }).load());
      }
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(css);
      document.adoptedStyleSheets.push(sheet);
    },
    { fonts, css: constant },
  );
}

/** Makes all durations on the page one second, and all times of day noon. */
async function hideTimes(page: Page): Promise<void> {
  await page.evaluate(() => {
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let text = texts.nextNode(); text; text = texts.nextNode()) {
      const words = text.nodeValue ?? '';
      text.nodeValue = words
        .replace(/^(.+ left|nearly done)$/, '1 s left')
        .replace(/\b[\d.]+ s\b/g, '1 s')
        .replace(/\b\d+:\d\d\b.[AP]M/g, '12:00 PM');
    }
  });
}

/** Compares the page at each size in each colour scheme with `looks/NAME-WIDTH-SCHEME.png`. */
async function compareLooks(page: Page, name: string, at = [desktop, phone]): Promise<void> {
  await hideTimes(page);
  for (const size of at) {
    await page.setViewportSize(size);
    for (const colorScheme of schemes) {
      await page.emulateMedia({ colorScheme });
      await expect.soft(page).toHaveScreenshot(`${name}-${size.width}-${colorScheme}.png`);
    }
  }
}

test('the first visit looks as intended @cpu', async ({ page }) => {
  await open(page);
  await modelIsReady(page);
  await makeConstant(page);
  await compareLooks(page, 'first-visit', sizes);
});

test('an animation, variants to pick from and a queue look as intended @cpu', async ({ page }) => {
  const worker = await recordMessages(page);
  await prepare(page, { Frames: 3, Steps: 1 });
  await makeConstant(page);
  await generate(page);
  await finished(page, 3);
  await compareLooks(page, 'animation', sizes);

  await page.getByRole('tab', { name: 'Pick by hand' }).click();
  await page.getByRole('switch', { name: 'Speculative' }).click();
  await button(page, 'Generate').click();
  await expect(page.getByText(/: take one/)).toBeVisible();
  await compareLooks(page, 'pick');

  // The run stands still at its second step.
  await page.getByRole('tab', { name: 'Automatic' }).click();
  await set(page, { Frames: 9, Steps: 5 });
  await page.setViewportSize(desktop);
  await worker.holdAfter({ event: { progress: { stage: 'denoise', step: 2 } } });
  await generate(page);
  await expect(page.getByText(/step 2 of 5/)).toBeVisible();
  await button(page, 'Add to queue').click();
  await set(page, { Seed: 2 });
  await button(page, 'Add to queue').click();
  await compareLooks(page, 'queue');
});

test('the dialogs and an error look as intended @cpu', async ({ page }) => {
  await open(page, pageWithoutModel());
  await makeConstant(page);
  const noPicture = { name: 'notes.png', mimeType: 'image/png', buffer: Buffer.from('not a picture') };
  await page.getByLabel('Start image').setInputFiles(noPicture);
  await expect(page.getByRole('alert')).toBeVisible();
  await compareLooks(page, 'error');
  await button(page, 'Dismiss').click();

  await button(page, 'Help').click();
  await expect(page.getByRole('heading', { name: 'Keys' })).toBeVisible();
  await compareLooks(page, 'help');
  await page.keyboard.press('Escape');

  await modelsButton(page).click();
  await expect(page.getByText('Low memory', { exact: true })).toBeVisible();
  await compareLooks(page, 'models');
  await page.keyboard.press('Escape');

  await chooseStart(page);
  await importFrames(
    page,
    Array.from({ length: 4 }, (_, i) => makeFrame(i, 96, 64)),
  );
  await button(page, 'Projects').click();
  await expect(page.getByRole('dialog').getByText(/^4 frames/)).toBeVisible();
  await compareLooks(page, 'projects');
  await page.keyboard.press('Escape');

  await openDialog(page);
  await compareLooks(page, 'export');
});
