/** One visit to the built page in browsers other than Chromium: an example, frames, files, and another visit. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout } from 'node:timers/promises';
import { decompressFrames, parseGIF } from 'gifuct-js';
import { preview } from 'vite';
import type { PreviewServer } from 'vite';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { softwareVulkanManifest } from '../../tools/software-vulkan.ts';
import { missing } from '../rig/packages.ts';
import { findCommand, outputOf } from '../rig/process.ts';
import { freePort } from '../support/web-servers.ts';
import { startFirefox } from './firefox.ts';
import { PageDriver } from './webdriver.ts';
import type { Session } from './webdriver.ts';
import { startWebKit } from './webkit.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const firefox = findCommand('firefox-esr') ?? findCommand('firefox');
const mesa = missing(['vulkan', 'mesa']).length === 0 ? softwareVulkanManifest() : null;
const hasWebKit = missing(['webkit']).length === 0;

let server: PreviewServer;
let url: string;
let downloads: string;
let page: PageDriver | null = null;

beforeEach(async () => {
  const port = await freePort();
  server = await preview({ root, logLevel: 'error', preview: { host: '127.0.0.1', port, strictPort: true } });
  url = `http://127.0.0.1:${port}/`;
  downloads = mkdtempSync(join(tmpdir(), 'drift-downloads-'));
});

afterEach(async () => {
  await page?.close();
  page = null;
  await server.close();
  rmSync(downloads, { recursive: true, force: true });
});

async function open(session: Session, address: string): Promise<PageDriver> {
  page = new PageDriver(session);
  await page.begin(300_000);
  await page.goTo(address);
  return page;
}

/** Side of frames in pixels: a quarter of the pixels that the built-in model makes by default, to save time. */
const side = 128;

function findButton(name: string): Element | null {
  const named = (button: Element) => (button.getAttribute('aria-label') ?? button.textContent).trim();
  return [...document.querySelectorAll('button')].find((button) => named(button) === name) ?? null;
}

/** Numbers of the frames in the strip, by the names of their pictures. */
function frameNames(): string {
  return [...document.querySelectorAll('[aria-label="Frames"] img')]
    .map((img) => img.getAttribute('alt'))
    .join();
}

/** Puts a value into a number field, with the events that typing it causes. */
function fill(label: string, value: string): void {
  const named = [...document.querySelectorAll('label')].find((each) => each.textContent.trim() === label);
  if (!(named?.control instanceof HTMLInputElement)) throw new Error(`There is no field ${label}.`);
  // React listens to a property of its own, so the value is set by the one of all input elements.
  Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value')?.set?.call(named.control, value);
  named.control.dispatchEvent(new Event('input', { bubbles: true }));
  named.control.dispatchEvent(new FocusEvent('focusout', { bubbles: true }));
}

/** Chooses an example and makes small frames of two steps each. */
async function makeFrames(driver: PageDriver, count: number): Promise<void> {
  await driver.click(
    findButton,
    'Dream: orange mountains at sunset become other landscapes, one after the other',
  );
  await driver.until(() => document.querySelector('footer dd'));
  // From here on, a service worker answers the page's requests.
  await driver.until(() => !('serviceWorker' in navigator) || navigator.serviceWorker.controller !== null);
  await driver.run(fill, 'Width', String(side));
  await driver.run(fill, 'Height', String(side));
  await driver.run(fill, 'Frames', String(count));
  await driver.run(fill, 'Steps', '2');
  await driver.click(findButton, 'Generate');
  await driver.until(
    (wanted) =>
      document.querySelectorAll('[aria-label="Frames"] img').length === wanted &&
      /Made \d+ frame/.test(document.querySelector('[data-run-bar]')?.textContent ?? ''),
    count,
  );
}

/** Presses a download button, and returns the file. */
async function download(driver: PageDriver, name: string): Promise<Uint8Array<ArrayBuffer>> {
  await driver.click(findButton, `Download ${name}`);
  const complete = () =>
    readdirSync(downloads).find(
      (file) => file.endsWith(`.${name.toLowerCase()}`) && !existsSync(join(downloads, `${file}.part`)),
    );
  await driver.until((said) => document.body.textContent.includes(said), `${name} downloaded.`);
  // Browsers say nothing when a download is on disk.
  let file = complete();
  for (; file === undefined || readFileSync(join(downloads, file)).length === 0; file = complete()) {
    await setTimeout(50);
  }
  return new Uint8Array(readFileSync(join(downloads, file)));
}

/** Decoded frames of a GIF. */
function gifFrames(bytes: Uint8Array<ArrayBuffer>) {
  return decompressFrames(parseGIF(bytes.buffer), true);
}

/** Waits until the service worker has stored what a visit without the server needs: ONNX Runtime and the built-in model. */
async function untilStored(driver: PageDriver): Promise<void> {
  await driver.until(async () => {
    const urls: string[] = [];
    for (const name of await caches.keys()) {
      urls.push(...(await (await caches.open(name)).keys()).map(({ url }) => new URL(url).pathname));
    }
    const model = urls.filter((url) => /builtin\/.*\.(safetensors|onnx|json)$/.test(url));
    return model.length === 10 && urls.some((url) => url.endsWith('.wasm'));
  });
}

async function expectFiles(driver: PageDriver, count: number): Promise<void> {
  const gif = gifFrames(await download(driver, 'GIF'));
  expect(gif.map(({ dims }) => [dims.width, dims.height])).toEqual(Array(count).fill([side, side]));
  const mp4 = await download(driver, 'MP4');
  expect(Buffer.from(mp4.subarray(4, 8)).toString()).toBe('ftyp');
  if (findCommand('ffprobe') === null) return;
  const file = readdirSync(downloads).find((name) => name.endsWith('.mp4')) ?? '';
  const entries = ['-count_frames', '-show_entries', 'stream=codec_name,width,height,nb_read_frames'];
  const found = outputOf('ffprobe', ['-v', 'error', ...entries, '-of', 'csv=p=0', join(downloads, file)]);
  expect(found?.trim()).toBe(`h264,${side},${side},${count}`);
}

it.skipIf(firefox === null)('Firefox makes frames and files on the processor, and keeps them', async () => {
  const session = await startFirefox({ program: firefox ?? '', downloads, preferences: {}, env: {} });
  const driver = await open(session, url);
  await makeFrames(driver, 2);
  expect(await driver.run(() => document.querySelector('footer')?.textContent)).toContain(
    'the processor, float32',
  );
  await expectFiles(driver, 2);
  await driver.until(() => document.body.textContent.includes('Kept on this device'));

  // Without the server, too.
  await untilStored(driver);
  await server.close();
  await driver.goTo(url);
  await driver.until(() => document.querySelector('[data-position="2"] img'));
  expect(await driver.run(frameNames)).toBe('Frame 1,Frame 2');
  await driver.run(fill, 'Frames', '1');
  await driver.click(findButton, 'Generate');
  await driver.until(() => document.querySelector('[data-position="3"] img'));
});

it.skipIf(firefox === null || mesa === null)('Firefox makes frames on WebGPU, in float16', async () => {
  const session = await startFirefox({
    program: firefox ?? '',
    downloads,
    preferences: { 'dom.webgpu.enabled': true, 'gfx.webgpu.ignore-blocklist': true },
    env: { VK_DRIVER_FILES: mesa ?? '' },
  });
  const driver = await open(session, `${url}?gpu=software`);
  await makeFrames(driver, 1);
  expect(await driver.run(() => document.querySelector('footer')?.textContent)).toContain('GPU, float16');
  expect(gifFrames(await download(driver, 'GIF'))).toHaveLength(1);
});

it.skipIf(!hasWebKit)('WebKitGTK makes frames and files, and says that it keeps none', async () => {
  const driver = await open(await startWebKit(downloads), url);
  await makeFrames(driver, 2);
  await driver.until(() =>
    document.body.textContent.includes('This browser does not let Drift keep projects.'),
  );
  await expectFiles(driver, 2);

  // Without the server, everything begins anew, from what the service worker keeps.
  await untilStored(driver);
  await server.close();
  await driver.goTo(url);
  await driver.until(() => document.querySelector('[aria-label="Examples"]'));
  expect(await driver.run(frameNames)).toBe('');
  await makeFrames(driver, 1);
});
