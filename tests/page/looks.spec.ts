import { readFile } from 'node:fs/promises';
import type { Page } from '@playwright/test';
import { finished, generate, modelIsReady, open, prepare } from './driving.ts';
import { expect, test } from './fixtures.ts';

/**
 * The page compared with pictures in `looks/`, at four widths, light and dark. Text is set in a font of the tests' own, so
 * that the fonts of the machine do not matter; pictures that a model made are grey. After a change that is meant, look at the new pictures of
 * `npx playwright test tests/page/looks.spec.ts --project=cpu --update-snapshots` before committing them.
 */

const sizes = [
  { width: 1440, height: 900 },
  { width: 1024, height: 768 },
  { width: 390, height: 844 },
  { width: 320, height: 568 },
] as const;
const schemes = ['light', 'dark'] as const;
const weights = [400, 500, 600, 700] as const;

/** What differs from run to run or between machines: in the font of the tests, pictures in grey, seconds as 1. */
const constant = `
  * { font-family: Looks !important; caret-color: transparent !important; }
  main img, main canvas { filter: brightness(0) invert(0.5) !important; }
  footer dd { visibility: hidden !important; }`;

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
      const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      for (let text = texts.nextNode(); text; text = texts.nextNode()) {
        text.nodeValue = (text.nodeValue ?? '').replace(/\b[\d.]+ s\b/g, '1 s');
      }
    },
    { fonts, css: constant },
  );
}

/** Compares the page at each size in each colour scheme with `looks/NAME-WIDTH-SCHEME.png`. */
async function compareLooks(page: Page, name: string): Promise<void> {
  await makeConstant(page);
  for (const { width, height } of sizes) {
    await page.setViewportSize({ width, height });
    for (const colorScheme of schemes) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await expect.soft(page).toHaveScreenshot(`${name}-${width}-${colorScheme}.png`);
    }
  }
}

test('the first visit looks as intended @cpu', async ({ page }) => {
  await open(page);
  await modelIsReady(page);
  await compareLooks(page, 'first-visit');
});

test('an animation looks as intended @cpu', async ({ page }) => {
  await prepare(page, { Frames: 3, Steps: 1 });
  await generate(page);
  await finished(page, 3);
  await compareLooks(page, 'animation');
});
