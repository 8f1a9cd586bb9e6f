import { readFile } from 'node:fs/promises';
import type { Page } from '@playwright/test';
import {
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
  open,
  prepare,
  psnr,
  set,
  startPicture,
  stripPixels,
} from './driving.ts';
import { expect, test, withoutH264 } from './fixtures.ts';
import { look, needsReaders } from './media/programs.ts';

/** Has breaches of the content security policy written to the console, of the page or of a worker. */
function reportBreaches(): void {
  self.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => {
    console.error(`The policy ${violatedDirective} forbids ${blockedURI}.`);
  });
}

/**
 * Watches for what a person does not see: complaints on the console, and requests that go anywhere but to the page's
 * own server, of the page and of its workers.
 */
async function watch(page: Page, origin: string): Promise<{ complaints: string[]; elsewhere: string[] }> {
  const complaints: string[] = [];
  const elsewhere: string[] = [];
  await page.addInitScript(reportBreaches);
  page.on('worker', (worker) => {
    // A worker may be gone before it can be asked.
    worker.evaluate(reportBreaches).catch(() => undefined);
  });
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (!['blob:', 'data:'].includes(url.protocol) && url.origin !== origin) elsewhere.push(url.href);
  });
  return { complaints, elsewhere };
}

/** The start picture as a file that is dropped or pasted, in the page. */
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

/** What a screen reader cannot call by any name, of the elements that need one. */
function nameless(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const labelled = (element: Element) =>
      (element.getAttribute('aria-labelledby') ?? '')
        .split(' ')
        .map((id) => document.getElementById(id)?.textContent ?? '')
        .join('');
    const named = (element: Element) =>
      [
        element.getAttribute('aria-label'),
        labelled(element),
        element instanceof HTMLInputElement ||
        element instanceof HTMLSelectElement ||
        element instanceof HTMLTextAreaElement
          ? [...(element.labels ?? [])].map((label) => label.textContent).join('')
          : element.textContent,
        element.getAttribute('title'),
      ].some((name) => (name ?? '').trim() !== '');
    const elements =
      'button, a, input, select, textarea, summary, dialog, [role="progressbar"], [role="tab"], [role="img"]';
    return [
      // A picture may have an empty name where the words beside it say everything, but it has to say so.
      ...document.querySelectorAll('img:not([alt])'),
      ...[...document.querySelectorAll(elements)].filter((element) => !named(element)),
    ].map((element) => element.outerHTML.slice(0, 200));
  });
}

test.describe('the first visit', { tag: '@cpu' }, () => {
  test('shows where to drop a picture, and an example becomes a frame with two clicks', async ({
    page,
    baseURL,
  }) => {
    const { complaints, elsewhere } = await watch(page, baseURL ?? '');
    await open(page);
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
    await expect(page).toHaveTitle(/Drift/);
    await expect(page.getByRole('heading', { name: 'Drop a picture here' })).toBeVisible();
    const examples = page.getByRole('list', { name: 'Examples' }).getByRole('button');
    expect(await examples.count()).toBeGreaterThanOrEqual(3);
    expect(await nameless(page)).toEqual([]);

    await examples.first().click();
    await generate(page);
    await expect(frame(page, 1)).toBeVisible();
    await expect(page).toHaveTitle(/% · frame \d+ of \d+ – Drift/);
    await button(page, 'Stop').click();
    await expect(page).toHaveTitle('Drift');
    expect(await nameless(page)).toEqual([]);

    for (const kind of ['GIF', 'MP4', 'ZIP']) {
      expect((await downloaded(page, `Download ${kind}`)).length, kind).toBeGreaterThan(1000);
    }
    expect(complaints).toEqual([]);
    expect(elsewhere, 'no picture ever leaves the machine').toEqual([]);
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

      // Another one begins another animation; the frames can be had back.
      await handOver(page, how, 'another.png');
      await expect(frames(page)).toHaveCount(0);
      await expect(page.getByText('1 frame was put aside.')).toBeVisible();
      await button(page, 'Undo').click();
      await expect(frames(page)).toHaveCount(1);
    });
  }
});

test.describe('the controls', { tag: '@cpu' }, () => {
  test('carry the names that were agreed, and say what they do', async ({ page }) => {
    await prepare(page, { Frames: 1, Steps: 1 });
    await expect(page.getByLabel('Start image')).toHaveAttribute('type', 'file');
    await expect(page.getByRole('tab', { name: 'Automatic', exact: true })).toHaveAttribute(
      'aria-selected',
      'true',
    );
    for (const name of ['Frames', 'Steps', 'Repeats', 'Seed', 'Frame rate', 'Width', 'Height']) {
      await expect(field(page, name)).toBeVisible();
      await expect(field(page, name)).toHaveAccessibleDescription(/\w+ \w+/);
    }
    await page.getByText('More settings').click();
    for (const name of ['Guidance scale', 'Positive scale', 'Negative scale']) {
      await expect(field(page, name)).toBeVisible();
      await expect(field(page, name)).toHaveAccessibleDescription(/\w+ \w+/);
    }
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

  test('come back on the next visit as they were left', async ({ page }) => {
    await prepare(page, { Steps: 7, Seed: 4, 'Frame rate': 12 });
    await page.reload();
    await modelIsReady(page);
    await expect(field(page, 'Steps')).toHaveValue('7');
    await expect(field(page, 'Seed')).toHaveValue('4');
    await expect(field(page, 'Frame rate')).toHaveValue('12');
    await expect(field(page, 'Width'), "the model's own").toHaveValue(String(frameSide));
  });

  test('work by keyboard', async ({ page }) => {
    await prepare(page, { Frames: 3, Steps: 1 });
    await button(page, 'Generate').focus();
    await page.keyboard.press('Enter');
    await finished(page, 3);

    const place = page.getByRole('slider', { name: 'Position' });
    await expect(place).toHaveAttribute('aria-valuetext', '3 of 3');
    await page.getByRole('heading', { name: 'Drift' }).click();
    await page.keyboard.press('ArrowLeft');
    await expect(place).toHaveAttribute('aria-valuetext', '2 of 3');
    await page.keyboard.press('ArrowRight');
    await expect(place).toHaveAttribute('aria-valuetext', '3 of 3');
    await page.keyboard.press('Home');
    await expect(place).toHaveAttribute('aria-valuetext', 'Start picture');
    await page.keyboard.press('End');
    await expect(place).toHaveAttribute('aria-valuetext', '3 of 3');

    await page.keyboard.press('Space');
    await expect(button(page, 'Pause')).toBeVisible();
    await page.keyboard.press('Space');
    await expect(button(page, 'Play')).toBeVisible();

    // In a text field the keys belong to the text.
    await field(page, 'Seed').focus();
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('Space');
    await expect(button(page, 'Play')).toBeVisible();

    await set(page, { Frames: 9, Steps: 50 });
    await button(page, 'Generate').focus();
    await page.keyboard.press('Space');
    await expect(button(page, 'Stop')).toBeEnabled();
    await page.keyboard.press('Escape');
    await expect(button(page, 'Generate')).toBeEnabled();
    await expect(frames(page)).toHaveCount(3);
  });
});

test('MP4 without an H.264 encoder in the browser', { tag: '@cpu' }, async ({ openBrowser }) => {
  needsReaders();
  const page = await openBrowser(withoutH264);
  await prepare(page, { Frames: 2, Steps: 2, 'Frame rate': 5 });
  await generate(page);
  await finished(page, 2);
  const shown = await stripPixels(page);
  const usesFfmpeg = page.waitForRequest(/ffmpeg-core.*\.wasm$/);
  const seen = await look(await downloaded(page, 'Download MP4'), 'mp4');
  await usesFfmpeg;
  expect(seen.complaints).toBe('');
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

  test('nothing stands out at the side, and every setting says what it does', async ({ page }) => {
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
    await expect(page.getByText('More is finer and slower', { exact: true })).toBeVisible();
    await field(page, 'Steps').tap();
    await expect(page.getByText(/10 are often enough\./)).toBeVisible();
    await expect(button(page, 'Generate')).toBeInViewport();
    await button(page, 'Generate').tap();
    await finished(page, 2);
    await expectNoOverflow();
    await expect(fact(page, 'Model')).toBeVisible();
  });
});
