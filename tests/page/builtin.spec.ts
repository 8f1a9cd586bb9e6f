import type { Page } from '@playwright/test';
import {
  builtInPage,
  button,
  downloaded,
  field,
  finished,
  firstFrame,
  frame,
  generate,
  modelIsReady,
  nameless,
  open,
  set,
  setPositivePrompts,
  stripPixels,
} from './driving.ts';
import { expect, test } from './fixtures.ts';

/** The built-in model, as served with the page. All other specs use a smaller model. */
test.use({ allCores: true, contextOptions: { reducedMotion: 'no-preference' } });

/** Runs in a page or a worker: writes violations of the content security policy to the console. */
function reportPolicyViolations(): void {
  self.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => {
    console.error(`The policy ${violatedDirective} forbids ${blockedURI}.`);
  });
}

/** Records console errors, and requests to other origins than the page's, of the page and its workers. */
async function watch(
  page: Page,
  origin: string,
): Promise<{ consoleErrors: string[]; foreignRequests: string[] }> {
  const consoleErrors: string[] = [];
  const foreignRequests: string[] = [];
  await page.addInitScript(reportPolicyViolations);
  page.on('worker', (worker) => {
    // The worker may have ended already.
    worker.evaluate(reportPolicyViolations).catch(() => undefined);
  });
  page.on('console', (message) => {
    if (message.type() === 'error') consoleErrors.push(message.text());
  });
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (!['blob:', 'data:'].includes(url.protocol) && url.origin !== origin) foreignRequests.push(url.href);
  });
  return { consoleErrors, foreignRequests };
}

/** Opens the page like a first-time visitor, and chooses the first example picture. */
async function takeExample(page: Page): Promise<void> {
  await open(page, builtInPage);
  await page.getByRole('list', { name: 'Examples' }).getByRole('button').first().click();
  await expect(page.getByRole('img', { name: 'Start', exact: true })).toBeVisible();
}

test(
  'the first visit shows the drop area, and an example becomes a frame with two clicks',
  { tag: '@cpu' },
  async ({ page, baseURL }) => {
    const { consoleErrors, foreignRequests } = await watch(page, baseURL ?? '');
    await open(page, builtInPage);
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
    expect(consoleErrors).toEqual([]);
    expect(foreignRequests, 'requests to other origins, which could leak pictures').toEqual([]);
  },
);

test(
  'an animated example brings its start picture and settings, and its motion can be paused',
  { tag: '@cpu' },
  async ({ page }) => {
    await open(page, builtInPage);
    const examples = page.getByRole('list', { name: 'Examples' });
    // The names of the files that the pictures show.
    const shown = () =>
      examples
        .locator('img')
        .evaluateAll((images) =>
          images.map((image) =>
            image instanceof HTMLImageElement ? image.currentSrc.replace(/^.*\//, '') : '',
          ),
        );
    const moving = ['dream.webp', 'loop.webp', 'photograph.webp'];
    const still = ['mountains.webp', 'island.webp', 'autumn.webp'];
    await expect.poll(shown).toEqual(moving);
    await button(page, 'Pause the examples').click();
    await expect.poll(shown).toEqual(still);
    await button(page, 'Play the examples').click();
    await expect.poll(shown).toEqual(moving);
    await page.emulateMedia({ reducedMotion: 'reduce' });
    await expect.poll(shown).toEqual(still);

    await set(page, { Seed: 123_456 });
    await examples.getByRole('button', { name: 'Endless loop' }).click();
    await expect(page.getByRole('img', { name: 'Start', exact: true })).toBeVisible();
    await expect(page.getByRole('radio', { name: 'Endless loop' })).toBeChecked();
    await expect(field(page, 'Seed')).not.toHaveValue('123456');
  },
);

test('its prompts can be edited, and frames follow them', { tag: '@cpu' }, async ({ page, baseURL }) => {
  const { foreignRequests } = await watch(page, baseURL ?? '');
  await takeExample(page);
  await modelIsReady(page);
  await set(page, { Steps: 2 });
  for (const name of ['Positive prompts', 'Negative prompts']) {
    const field = page.getByRole('textbox', { name, exact: true });
    await expect(field).toBeEditable();
    await expect(field, 'default prompts').toHaveValue(/\w/);
  }
  await setPositivePrompts(page, 'snow|night');
  const snow = await firstFrame(page);
  await setPositivePrompts(page, 'sunset|sea');
  const sunset = await firstFrame(page);
  expect(snow.equals(sunset), 'other prompts make another frame').toBe(false);
  await setPositivePrompts(page, 'snow|night');
  expect(snow.equals(await firstFrame(page)), 'the same prompts make the same frame').toBe(true);
  expect(foreignRequests, 'requests to other origins, which could leak prompts').toEqual([]);
});

test('it makes pictures in float16', { tag: '@float16' }, async ({ page }) => {
  await takeExample(page);
  await set(page, { Frames: 1, Steps: 4 });
  await generate(page);
  await finished(page, 1);
  const [pixels = Buffer.alloc(0)] = await stripPixels(page);
  // float16 overflow would make a frame of one colour.
  expect(new Set(pixels).size, 'distinct values in the frame').toBeGreaterThan(64);
});
