import { appendFileSync, cpSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from '@playwright/test';
import { findCommand } from '../rig/process.ts';
import { serveWithPython } from '../support/web-servers.ts';
import type { WebServer } from '../support/web-servers.ts';
import { button, firstFrame, modelIsReady, set, startPicture } from './driving.ts';
import { expect, test } from './fixtures.ts';

/** The built page with its service worker, on a server without extra headers that can be stopped. */

const built = fileURLToPath(new URL('../../dist', import.meta.url));

let folder = '';
let server: WebServer;

test.use({ serviceWorkers: 'allow' });
test.skip(findCommand('python3') === null, 'Python is not installed');

test.beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'drift-offline-'));
  cpSync(built, join(folder, 'drift'), { recursive: true });
  server = await serveWithPython(folder);
});
test.afterEach(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

/** Opens the page for the first time, and waits until it is cross-origin isolated and the model is loaded. */
async function visit(page: Page): Promise<void> {
  await page.goto(`${server.url}drift/`);
  await page.waitForFunction(() => crossOriginIsolated);
  await modelIsReady(page);
}

/** Number of cached files whose URL matches. */
function stored(page: Page, pattern: RegExp): Promise<number> {
  return page.evaluate(async (source) => {
    let count = 0;
    for (const name of await caches.keys()) {
      const urls = (await (await caches.open(name)).keys()).map(({ url }) => url);
      count += urls.filter((url) => new RegExp(source).test(url)).length;
    }
    return count;
  }, pattern.source);
}

test('large files that are fetched later are stored too', { tag: '@cpu' }, async ({ page }) => {
  await visit(page);
  const [program] = readdirSync(join(built, 'assets')).filter((name) => /^ffmpeg.*\.wasm$/.test(name));
  expect(await stored(page, /ffmpeg.*\.wasm$/)).toBe(0);
  const size = await page.evaluate(async (name) => {
    const response = await fetch(`assets/${name}`);
    return (await response.arrayBuffer()).byteLength;
  }, program);
  await expect.poll(() => stored(page, /ffmpeg.*\.wasm$/)).toBe(1);
  await server.close();
  const again = await page.evaluate(async (name) => {
    const response = await fetch(`assets/${name}`, { cache: 'reload' });
    return (await response.arrayBuffer()).byteLength;
  }, program);
  expect(again).toBe(size);
});

test('after one visit the page opens and makes a frame offline', { tag: '@cpu' }, async ({ page }) => {
  await visit(page);
  await expect
    .poll(() => stored(page, /builtin\/.*(safetensors|onnx|json)/), 'the built-in model is stored')
    .toBe(10);
  await expect.poll(() => stored(page, /\.wasm$/), 'only the runtime build in use is stored').toBe(1);
  await server.close();

  await page.goto(`${server.url}drift/?speed=ignored`);
  await modelIsReady(page);
  await page.getByRole('list', { name: 'Examples' }).getByRole('button').first().click();
  await set(page, { Width: 128, Height: 128, Steps: 2 });
  expect((await firstFrame(page)).length).toBeGreaterThan(0);
});

test(
  'hosts without headers get threads: an untouched page is reloaded, cross-origin isolated',
  { tag: '@cpu' },
  async ({ page }) => {
    await page.goto(`${server.url}drift/`);
    expect(await page.evaluate(() => crossOriginIsolated), 'by the headers of the server').toBe(false);
    await page.waitForFunction(() => crossOriginIsolated);
    await modelIsReady(page);
  },
);

test('a page in use is never reloaded automatically', { tag: '@cpu' }, async ({ page }) => {
  await page.goto(`${server.url}drift/`);
  await page.getByRole('list', { name: 'Examples' }).getByRole('button').first().click();
  await modelIsReady(page);
  await expect.poll(() => stored(page, /unet.*safetensors/)).toBe(1);
  await expect(page.getByRole('img', { name: 'Start', exact: true })).toBeVisible();
  expect(await page.evaluate(() => performance.getEntriesByType('navigation').length)).toBe(1);
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(false);
});

test('a new version waits until the user reloads', { tag: '@cpu' }, async ({ page }) => {
  await visit(page);
  await expect.poll(() => stored(page, /unet.*safetensors/)).toBe(1);
  appendFileSync(join(folder, 'drift/service-worker.js'), '\n/* another version */\n');
  await page.reload();
  await expect(page.getByText('A new version of Drift is ready.')).toBeVisible();
  const reloaded = page.waitForEvent('load');
  await button(page, 'Reload').click();
  await reloaded;
  await modelIsReady(page);
  // Chromium may let the earlier version finish requests first; the page does not wait for that.
  const isWaiting = () => page.evaluate(async () => (await navigator.serviceWorker.ready).waiting !== null);
  await expect.poll(isWaiting, { message: 'the new version is active', timeout: 400_000 }).toBe(false);
  await page.reload();
  await modelIsReady(page);
  await expect(page.getByText('A new version of Drift is ready.')).toBeHidden();
});

test('accepts a picture shared by another program', { tag: '@cpu' }, async ({ page }) => {
  await visit(page);
  const picture = readFileSync(startPicture).toString('base64');
  // The system's share sheet submits a form; the page's own policy forbids forms.
  await page.evaluate(
    async ({ picture, name }) => {
      const blob = await (await fetch(`data:image/png;base64,${picture}`)).blob();
      const form = new FormData();
      form.append('files', new File([blob], name, { type: 'image/png' }));
      await fetch('./share', { method: 'POST', body: form });
    },
    { picture, name: basename(startPicture) },
  );
  await page.reload();
  await expect(page.getByRole('img', { name: 'Start', exact: true })).toBeVisible();
  expect(await page.evaluate(() => caches.has('drift-shared-files')), 'the shared file is removed').toBe(
    false,
  );
});
