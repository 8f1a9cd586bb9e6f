import { readFile } from 'node:fs/promises';
import type { Page } from '@playwright/test';
import manifest from '../../public/models/builtin/model.json' with { type: 'json' };
import { createGate } from '../support/hub/index.ts';
import {
  builtInPage,
  button,
  chooseStart,
  downloaded,
  fact,
  field,
  finished,
  frame,
  frameSide,
  frames,
  generate,
  modelIsReady,
  nameless,
  open,
  pageWithoutModel,
  prepare,
  psnr,
  set,
  showMoreSettings,
  startPicture,
  stripPixels,
} from './driving.ts';
import { expect, test, withoutH264 } from './fixtures.ts';
import { readBack, needsReaders } from './media/programs.ts';

/** Dispatches a drop or paste event with the start picture. */
async function handOver(page: Page, how: 'drop' | 'paste', name: string): Promise<void> {
  const bytes = (await readFile(startPicture)).toString('base64');
  await page.evaluate(
    ([type, base64, fileName]) => {
      const data = new DataTransfer();
      const file = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
      data.items.add(new File([file], fileName, { type: 'image/png' }));
      const options = { bubbles: true, cancelable: true };
      const target = document.body;
      if (type === 'paste') {
        target.dispatchEvent(new ClipboardEvent('paste', { ...options, clipboardData: data }));
      } else {
        for (const step of ['dragenter', 'dragover', 'drop']) {
          target.dispatchEvent(new DragEvent(step, { ...options, dataTransfer: data }));
        }
      }
    },
    [how, bytes, name] as const,
  );
}

test(
  'a drag that ends without leaving is over when the mouse moves again',
  { tag: '@cpu' },
  async ({ page }) => {
    await open(page, pageWithoutModel());
    await page.evaluate(() => {
      const data = new DataTransfer();
      data.items.add(new File(['picture'], 'picture.png', { type: 'image/png' }));
      document.body.dispatchEvent(new DragEvent('dragenter', { bubbles: true, dataTransfer: data }));
    });
    const overlay = page.getByText('Drop a picture to start from it');
    await expect(overlay).toBeVisible();
    await page.mouse.move(200, 200);
    await expect(overlay).toHaveCount(0);
  },
);

test.describe('the first visit', { tag: '@cpu' }, () => {
  for (const width of [1440, 700, 390]) {
    test(`says what Drift does before the program arrives, ${width} pixels wide`, async ({ page }) => {
      await page.setViewportSize({ width, height: 800 });
      const gate = createGate();
      await page.route(/\/assets\/[^/]+\.js$/, async (route) => {
        await gate.pass();
        await route.continue();
      });
      await page.goto(pageWithoutModel(), { waitUntil: 'commit' });
      const words = page.getByRole('heading', { name: /^Drift turns one picture into an animation/ });
      await expect(words).toBeVisible();
      const early = [await words.textContent(), await words.boundingBox()];
      gate.open();
      await expect(page.getByRole('list', { name: 'Examples', exact: true })).toBeVisible();
      // The program's own words are the same, in the same place.
      expect([await words.textContent(), await words.boundingBox()]).toEqual(early);
    });
  }

  test('draws nothing larger on a phone than what came with the document', async ({ page }) => {
    await page.setViewportSize({ width: 390, height: 844 });
    await open(page, pageWithoutModel());
    const largest = await page.evaluate(
      () =>
        new Promise<readonly boolean[]>((resolve) => {
          new PerformanceObserver((list) => {
            const paints = list.getEntries().filter((entry) => entry instanceof LargestContentfulPaint);
            // The sentence of the document is replaced by the program's own.
            resolve(paints.map(({ element }) => element === null));
          }).observe({ type: 'largest-contentful-paint', buffered: true });
        }),
    );
    expect(largest.at(-1)).toBe(true);
  });

  for (const how of ['drop', 'paste'] as const) {
    test(`takes a picture by ${how}`, async ({ page }) => {
      await open(page);
      await handOver(page, how, `by-${how}.png`);
      await expect(page.getByRole('img', { name: 'Start', exact: true })).toBeVisible();
      await expect(page.getByText(`by-${how}.png`, { exact: true })).toBeVisible();
      await expect(page.getByRole('heading', { name: 'Drop a picture here' })).toHaveCount(0);
      await set(page, { Frames: 1, Steps: 1 });
      await generate(page);
      await finished(page, 1);

      // Another start picture begins another animation; the frames can be restored.
      await handOver(page, how, 'another.png');
      await expect(frames(page)).toHaveCount(0);
      await expect(page.getByText('1 frame was put aside.')).toBeVisible();
      await button(page, 'Bring back').click();
      await expect(frames(page)).toHaveCount(1);
    });
  }
});

test.describe('the controls', { tag: '@cpu' }, () => {
  test('have the documented labels and descriptions', async ({ page }) => {
    await prepare(page, { Frames: 1, Steps: 1 });
    await expect(page.getByLabel('Start image')).toHaveAttribute('type', 'file');
    await expect(page.getByRole('tab', { name: 'Automatic', exact: true })).toHaveAttribute(
      'aria-selected',
      'true',
    );
    for (const name of ['Frames', 'Steps', 'Repeats', 'Seed']) {
      await expect(field(page, name)).toBeVisible();
      await expect(field(page, name)).toHaveAccessibleDescription(/\w+ \w+/);
    }
    await expect(field(page, 'Width'), 'collapsed').toHaveCount(0);
    await page.getByText('More settings').click();
    for (const name of [
      'Frame rate',
      'Width',
      'Height',
      'Guidance scale',
      'Positive scale',
      'Negative scale',
    ]) {
      await expect(field(page, name)).toBeVisible();
      await expect(field(page, name)).toHaveAccessibleDescription(/\w+ \w+/);
    }
    const notify = await page.getByRole('switch', { name: 'Notify me when frames are done' }).boundingBox();
    expect((notify?.width ?? 0) / (notify?.height ?? 1), 'a switch is wider than high').toBeGreaterThan(1.5);
    for (const name of ['Positive prompts', 'Negative prompts']) {
      await expect(page.getByRole('textbox', { name, exact: true })).toHaveAccessibleDescription(/prompts/);
    }
    await generate(page);
    await finished(page, 1);
    for (const name of ['Generate', 'Stop', 'Download GIF', 'Download MP4']) {
      await expect(button(page, name)).toBeVisible();
    }
    await expect(page.getByRole('list', { name: 'Frames' }).getByRole('listitem')).toHaveCount(1);
    await expect(frame(page, 1)).toBeVisible();
    expect(await nameless(page)).toEqual([]);
  });

  test("show the model's defaults before it is ready, or nothing until they are known", async ({ page }) => {
    const gate = createGate();
    await page.route(/safetensors$/, async (route) => {
      await gate.pass();
      // Requests of the page before have ended with it.
      await route.continue().catch(() => undefined);
    });
    await open(page, builtInPage);
    await expect(page.getByText('Loading model…')).toBeVisible();
    await expect(field(page, 'Frames')).toHaveValue(String(manifest.defaults.frames));
    await expect(field(page, 'Steps')).toHaveValue(String(manifest.defaults.steps));
    await expect(page.getByRole('textbox', { name: 'Positive prompts', exact: true })).toHaveValue(
      manifest.defaults.positivePrompts,
    );
    await expect(page.getByText('No picture ever leaves')).toHaveCount(1);

    await open(page);
    await expect(page.getByText('Loading model…')).toBeVisible();
    await expect(field(page, 'Frames')).toHaveValue('');
    await set(page, { Steps: 3 });
    gate.open();
    await modelIsReady(page);
    await expect(field(page, 'Frames')).toHaveValue(/\d/);
    await expect(field(page, 'Steps')).toHaveValue('3');
  });

  test('start with a recipe, show where they differ from it, and can be reset', async ({ page }) => {
    await prepare(page, {});
    const recipe = (name: string) =>
      page.getByRole('radiogroup', { name: 'Recipe' }).getByRole('radio', { name, exact: true });
    for (const name of ['Gentle', 'Dream', 'Wild', 'Endless loop', 'By hand']) {
      await expect(recipe(name)).toBeVisible();
    }
    await expect(recipe('Dream')).toBeChecked();
    const gentle = await field(page, 'Repeats').inputValue();
    await recipe('Wild').check();
    const wild = await field(page, 'Repeats').inputValue();
    expect(Number(wild)).toBeGreaterThan(Number(gentle));

    await set(page, { Repeats: 3 });
    await expect(recipe('Wild')).toBeChecked();
    await button(page, 'Put Repeats back').click();
    await expect(field(page, 'Repeats')).toHaveValue(wild);
    await expect(field(page, 'Repeats'), 'focus moves to the field').toBeFocused();
    await expect(button(page, 'Put Repeats back')).toHaveCount(0);

    await recipe('Endless loop').check();
    await expect(page.getByRole('tab', { name: 'Smooth' })).toHaveAttribute('aria-selected', 'true');
    await expect(page.getByRole('switch', { name: 'Close the loop' })).toBeChecked();
    await page.getByRole('tab', { name: 'Pick by hand' }).click();
    await expect(recipe('By hand')).toBeChecked();
  });

  test('are restored on the next visit', async ({ page }) => {
    await prepare(page, { Steps: 7, Seed: 4, 'Frame rate': 12 });
    await page.reload();
    await modelIsReady(page);
    await expect(field(page, 'Steps')).toHaveValue('7');
    await expect(field(page, 'Seed')).toHaveValue('4');
    await expect(field(page, 'Frame rate')).toHaveValue('12');
    await expect(field(page, 'Width'), 'the size of the model').toHaveValue(String(frameSide));
  });

  test('work by keyboard', async ({ page }) => {
    await prepare(page, { Frames: 3, Steps: 1 });
    await button(page, 'Generate').focus();
    await page.keyboard.press('Enter');
    await finished(page, 3);

    const slider = page.getByRole('slider', { name: 'Position' });
    await expect(slider).toHaveAttribute('aria-valuetext', '3 of 3');
    await page.getByRole('heading', { name: 'Drift' }).click();
    await page.keyboard.press('ArrowLeft');
    await expect(slider).toHaveAttribute('aria-valuetext', '2 of 3');
    await page.keyboard.press('ArrowRight');
    await expect(slider).toHaveAttribute('aria-valuetext', '3 of 3');
    await page.keyboard.press('Home');
    await expect(slider).toHaveAttribute('aria-valuetext', 'Start picture');
    await page.keyboard.press('End');
    await expect(slider).toHaveAttribute('aria-valuetext', '3 of 3');

    await page.keyboard.press('Space');
    await expect(button(page, 'Pause')).toBeVisible();
    await page.keyboard.press('Space');
    await expect(button(page, 'Play')).toBeVisible();

    // In a text field, the keys edit the text.
    await field(page, 'Seed').focus();
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('Space');
    await expect(button(page, 'Play')).toBeVisible();

    await set(page, { Frames: 9, Steps: 50 });
    await button(page, 'Generate').focus();
    await page.keyboard.press('Space');
    await expect(button(page, 'Stop')).toBeEnabled();
    // Escape in a text field does not stop the run.
    await field(page, 'Frames').press('Escape');
    await field(page, 'Frames').dispatchEvent('keydown', { key: 'Escape', isComposing: true });
    await expect(button(page, 'Stop')).toBeEnabled();
    await button(page, 'Stop').focus();
    await page.keyboard.press('Escape');
    await expect(button(page, 'Generate')).toBeEnabled();
    await expect(frames(page)).toHaveCount(3);
  });
});

test(
  'the help lists the keys, and opens the guide beside the page',
  { tag: '@cpu' },
  async ({ context, page }) => {
    await open(page, pageWithoutModel());
    await button(page, 'Help').click();
    await expect(page.getByRole('heading', { name: 'Keys' })).toBeVisible();
    const [guide] = await Promise.all([
      context.waitForEvent('page'),
      page.getByRole('link', { name: 'Guide for artists' }).click(),
    ]);
    await expect(guide.getByRole('heading', { name: 'A guide for artists' })).toBeVisible();
    const picture = guide.getByRole('img').first();
    await picture.scrollIntoViewIfNeeded();
    await expect(picture).toHaveJSProperty('complete', true);
    expect(
      await picture.evaluate((img) => (img instanceof HTMLImageElement ? img.naturalWidth : 0)),
    ).toBeGreaterThan(0);
    // The policy lets the style sheet in.
    await expect(guide.locator('body')).toHaveCSS('max-width', '720px');
    await guide.getByRole('link', { name: 'Models', exact: true }).first().click();
    await expect(guide.getByRole('heading', { name: 'Models', exact: true })).toBeVisible();
  },
);

test('MP4 without an H.264 encoder in the browser', { tag: '@cpu' }, async ({ openBrowser }) => {
  needsReaders();
  const page = await openBrowser(withoutH264);
  await prepare(page, { Frames: 2, Steps: 2, 'Frame rate': 5 });
  await generate(page);
  await finished(page, 2);
  const shown = await stripPixels(page);
  const usesFfmpeg = page.waitForRequest(/ffmpeg-core.*\.wasm$/);
  const seen = await readBack(await downloaded(page, 'Download MP4'), 'mp4');
  await usesFfmpeg;
  expect(seen.warnings).toBe('');
  expect(seen.stream).toMatchObject({
    codec_name: 'h264',
    pix_fmt: 'yuv420p',
    width: frameSide,
    height: frameSide,
  });
  expect(seen.frames).toHaveLength(2);
  for (const [index, decoded] of seen.frames.entries()) {
    expect(psnr(decoded, shown[index] ?? new Uint8Array()), `frame ${index + 1}`).toBeGreaterThan(25);
  }
});

test.describe('on a phone', { tag: '@cpu' }, () => {
  test.use({ viewport: { width: 390, height: 844 }, hasTouch: true });

  test('there is no horizontal overflow, and every setting has a description', async ({ page }) => {
    const expectNoOverflow = async () => {
      for (const width of [320, 390, 844]) {
        await page.setViewportSize({ width, height: 844 });
        const wide = await page.evaluate(() => document.documentElement.scrollWidth);
        expect(wide).toBeLessThanOrEqual(width);
      }
      await page.setViewportSize({ width: 390, height: 844 });
    };
    await open(page);
    await expectNoOverflow();
    await expect(page.getByRole('list', { name: 'Examples' }).getByRole('button').first()).toBeInViewport();
    await chooseStart(page);
    await set(page, { Frames: 2, Steps: 1 });
    const help = page.getByText(/10 are often enough\./);
    await expect(help, 'on demand').toBeHidden();
    await field(page, 'Steps').tap();
    await expect(help).toBeVisible();

    const pictures: string[] = [];
    page.on('request', (request) => {
      if (/\/repeats-[^/]*\.webp$/.test(request.url())) pictures.push(request.url());
    });
    const compared = page.getByRole('img', { name: 'The fifth frame at 0, 10 and 20' });
    await expect(compared).toBeHidden();
    expect(pictures, 'a picture is fetched when its help is shown').toEqual([]);
    const fetched = page.waitForResponse(/\/repeats-[^/]*\.webp$/);
    await field(page, 'Repeats').focus();
    await expect(compared).toBeVisible();
    expect((await fetched).ok()).toBe(true);
    await expect(button(page, 'Generate')).toBeInViewport();
    await button(page, 'Generate').tap();
    await finished(page, 2);
    await expectNoOverflow();
    await expect(fact(page, 'Model')).toBeVisible();
  });

  test('the picture stays in view while the settings scroll, and touch targets are large enough', async ({
    page,
  }) => {
    await prepare(page, { Frames: 1, Steps: 1 });
    await showMoreSettings(page);
    const picture = page.getByRole('img', { name: 'The picture on the stage' });
    for (const viewport of [
      { width: 390, height: 844 },
      { width: 320, height: 568 },
      { width: 844, height: 390 },
    ]) {
      await page.setViewportSize(viewport);
      for (const control of [button(page, 'Copy settings as a link'), field(page, 'Frames')]) {
        await control.scrollIntoViewIfNeeded();
        await expect(control).toBeInViewport();
        await expect(picture).toBeInViewport({ ratio: 0.9 });
        await expect(button(page, 'Generate')).toBeInViewport();
      }
      const small = await page.evaluate(() => {
        const controls = 'button, select, summary, [role=switch], input[type=number], input[type=range]';
        return [...document.querySelectorAll(controls)].flatMap((element) => {
          if (!element.checkVisibility()) return [];
          // The clickable area may be larger than the element, by a pseudo-element.
          const reach = Math.max(0, -Number.parseFloat(getComputedStyle(element, '::after').top) || 0);
          const height = element.getBoundingClientRect().height + 2 * reach;
          return height < 44 ? [`${height} ${element.outerHTML.slice(0, 120)}`] : [];
        });
      });
      expect(small).toEqual([]);
      // iOS zooms in on a focused field whose text is smaller than 16 pixels.
      const sizes = await page.evaluate(() =>
        [...document.querySelectorAll('input[type=number], textarea, select')].map((element) =>
          Number.parseFloat(getComputedStyle(element).fontSize),
        ),
      );
      expect(Math.min(...sizes)).toBeGreaterThanOrEqual(16);
    }
  });
});
