import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { BrowserContext, Page } from '@playwright/test';
import { folderSource, hubSource } from '../../src/models/install/index.ts';
import type { LocalFolder } from '../../src/models/install/index.ts';
import { memorySource } from '../../src/models/source.ts';
import { clipRepository, diffusionRepository, imageVariations } from '../../tools/full-model/model.ts';
import { createGate } from '../support/hub/index.ts';
import type { Hub } from '../support/hub/index.ts';
import { button, modelIsReady } from './driving.ts';
import {
  cleanFiles,
  damage,
  expect,
  firstChunk,
  fullId,
  fullName,
  inSecondChunk,
  isInstalled,
  lookAtFull,
  openModels,
  secondChunk,
  storedFiles,
  storedSize,
  test,
  tower,
} from './model-hub.ts';

const towerFile = 'image_encoder/model.onnx';
/** Maximum number of bytes read to compute the costs of the image tower. */
const headers = 10_000;

/** Blocks the first request for the image tower's second chunk until the gate is opened. */
function stallSecondChunk(hub: Hub) {
  const gate = createGate();
  hub.inject({ path: tower, covering: inSecondChunk, to: 1, faults: [{ kind: 'stall', after: 1000, gate }] });
  return gate;
}

/** Starts the download of the full model, and waits until only the tower's second chunk is missing. */
async function downloadAllButOneChunk(page: Page, hub: Hub) {
  const gate = stallSecondChunk(hub);
  await button(page, 'Download').click();
  await gate.reached;
  await expect.poll(() => storedSize(page, fullId, towerFile)).toBe(firstChunk);
  return gate;
}

function downloadOf(page: Page) {
  return page.getByRole('region', { name: `Download of ${fullName}` });
}

/** Error in the dialog, with its actions. */
function alertIn(page: Page) {
  return page.getByRole('dialog').getByRole('alert');
}

/** Installs the full model. */
async function install(page: Page, hub: Hub): Promise<void> {
  await openModels(page, hub);
  await lookAtFull(page);
  await button(page, 'Download').click();
  await isInstalled(page);
}

test.describe('a download', { tag: '@cpu' }, () => {
  test('is paused, resumed, and discarded', async ({ page, hub, flawless }) => {
    await openModels(page, hub);
    await lookAtFull(page);
    await downloadAllButOneChunk(page, hub);
    await button(page, 'Pause').click();
    await expect(downloadOf(page)).toContainText(/Paused at \d/);
    const before = hub.fetched(tower).bytes;
    await button(page, 'Resume').click();
    await isInstalled(page);
    expect(hub.fetched(tower).bytes - before).toBeLessThan(secondChunk);
    expect(await storedFiles(page, fullId)).toEqual(flawless);

    await button(page, `Remove ${fullName}`).click();
    await button(page, 'Yes, remove').click();
    hub.reset();
    await downloadAllButOneChunk(page, hub);
    await button(page, 'Cancel').click();
    await button(page, 'Throw away').click();
    await expect(page.getByText('No models are stored on this device yet')).toBeVisible();
    await expect.poll(() => modelFolders(page)).toEqual([]);
  });

  test('resumes from its stored chunks after the browser was killed', async ({
    playwright,
    launchOptions,
    baseURL,
    hub,
    flawless,
  }) => {
    const profile = await mkdtemp(path.join(tmpdir(), 'drift-profile-'));
    const start = () =>
      playwright.chromium.launchPersistentContext(profile, {
        ...launchOptions,
        ...(baseURL !== undefined && { baseURL }),
      });
    const first = await start();
    const page = await first.newPage();
    await openModels(page, hub);
    await lookAtFull(page);
    await downloadAllButOneChunk(page, hub);
    // Pausing flushes the journal; without it, chunks of the last second are fetched again.
    await button(page, 'Pause').click();
    await expect(downloadOf(page)).toContainText(/Paused at \d/);
    stallSecondChunk(hub);
    await button(page, 'Resume').click();
    const killed = first.waitForEvent('close');
    process.kill(await processOf(first), 'SIGKILL');
    await killed;

    hub.reset();
    const second = await start();
    const next = await second.newPage();
    await openModels(next, hub);
    // Chromium may or may not have written local storage before it was killed, so the page offers Resume in either of
    // two places.
    const dialog = next.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Resume', exact: true }).first().click();
    await isInstalled(next);
    expect(hub.fetched(tower).bytes).toBeLessThan(secondChunk);
    expect(await storedFiles(next, fullId)).toEqual(flawless);
    await second.close();
    await rm(profile, { recursive: true });
  });

  test('runs in one tab only, and another tab sees the result', async ({ page, context, hub }) => {
    await openModels(page, hub);
    await lookAtFull(page);
    const gate = await downloadAllButOneChunk(page, hub);
    const other = await context.newPage();
    await openModels(other, hub);
    await other
      .getByRole('region', { name: /^Download of/ })
      .getByRole('button', { name: 'Resume' })
      .click();
    await expect(alertIn(other)).toContainText('This model is being downloaded or used in another tab.');
    gate.open();
    await isInstalled(page);
    const before = hub.fetched(tower).bytes;
    await alertIn(other).getByRole('button', { name: 'Resume' }).click();
    await isInstalled(other);
    expect(hub.fetched(tower).bytes - before, 'only headers are fetched twice').toBeLessThan(headers);
  });

  test('that does not fit is rejected with the space needed and the space free', async ({
    openBrowser,
    hub,
  }) => {
    // Chromium otherwise reports a fixed 10 GiB of free space.
    const page = await openBrowser('--disable-features=StaticStorageQuota');
    await openModels(page, hub);
    const allow = await quotaOf(page);
    await allow(5_000_000);
    await lookAtFull(page);
    await expect(page.getByText('There is not enough room: make some on this device first.')).toBeVisible();
    await button(page, 'Download').click();
    await expect(alertIn(page)).toContainText(
      /still needs 13 MB on disk, and [\d.]+ MB are free\..*Free some storage on this device/,
    );
    expect(hub.fetched(tower).bytes, 'only headers are fetched').toBeLessThan(headers);
    await allow(100_000_000);
    await alertIn(page).getByRole('button', { name: 'Resume' }).click();
    await isInstalled(page);
  });

  test('fails when the disk becomes full, and resumes once there is room', async ({
    page,
    hub,
    flawless,
  }) => {
    await openModels(page, hub);
    await lookAtFull(page);
    const gate = await downloadAllButOneChunk(page, hub);
    const allow = await quotaOf(page);
    await allow(1000);
    gate.open();
    await expect(alertIn(page)).toContainText(
      /still needs \d+ kB on disk\..*what has been downloaded is kept/,
    );
    await allow(100_000_000);
    const before = hub.fetched(tower).bytes;
    await alertIn(page).getByRole('button', { name: 'Resume' }).click();
    await isInstalled(page);
    expect(hub.fetched(tower).bytes - before).toBeLessThan(secondChunk);
    expect(await storedFiles(page, fullId)).toEqual(flawless);
  });
});

/** Overrides the storage quota of the page's origin. */
async function quotaOf(page: Page): Promise<(quotaSize: number) => Promise<unknown>> {
  const session = await page.context().newCDPSession(page);
  const { origin } = new URL(page.url());
  return (quotaSize) => session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize });
}

/** Id of the browser's main process. */
async function processOf(context: BrowserContext): Promise<number> {
  const session = await context.browser()?.newBrowserCDPSession();
  const { processInfo } = (await session?.send('SystemInfo.getProcessInfo')) ?? { processInfo: [] };
  const main = processInfo.find(({ type }) => type === 'browser');
  if (!main) throw new Error('This browser has no process.');
  return main.id;
}

/** Names of the model folders in the origin private file system. */
function modelFolders(page: Page): Promise<string[]> {
  return page.evaluate(async () => {
    const names: string[] = [];
    const models = await (await navigator.storage.getDirectory()).getDirectoryHandle('models');
    for await (const name of models.keys()) names.push(name);
    return names;
  });
}

test.describe('a damaged model', { tag: '@cpu' }, () => {
  test('is detected when verified or used, and only damaged chunks are downloaded again', async ({
    page,
    hub,
    flawless,
  }) => {
    await install(page, hub);
    await damage(page, fullId, towerFile, inSecondChunk);
    await button(page, `Check ${fullName} again`).click();
    const dialog = page.getByRole('dialog');
    await expect(dialog.getByText(`One chunk of ${fullName} is damaged.`)).toBeVisible();
    let before = hub.fetched(tower).bytes;
    await dialog.getByRole('status').getByRole('button', { name: 'Repair' }).click();
    await isInstalled(page);
    expect(hub.fetched(tower).bytes - before).toBeLessThan(secondChunk);
    expect(await storedFiles(page, fullId)).toEqual(flawless);
    await button(page, `Check ${fullName} again`).click();
    await expect(dialog.getByText(`${fullName} is intact.`)).toBeVisible();

    await damage(page, fullId, 'unet/diffusion_pytorch_model.safetensors', 100_000);
    await button(page, `Use ${fullName}`).click();
    await expect(alertIn(page)).toContainText(`${fullName} is damaged on this device: 1 of its chunks`);
    before = hub.fetched(tower).bytes;
    await alertIn(page).getByRole('button', { name: 'Repair' }).click();
    await modelIsReady(page, fullName);
    expect(hub.fetched(tower).bytes - before, 'of the tower only headers are fetched').toBeLessThan(headers);
    expect(await storedFiles(page, fullId)).toEqual(flawless);
  });
});

test.describe('a model from another source', { tag: '@cpu' }, () => {
  test('is installed from the hub by id, where only PyTorch’s files exist', async ({ page, hub }) => {
    await openModels(page, hub);
    await page.getByText('Add a model').click();
    const field = page.getByRole('textbox', { name: 'Hub id or address of a manifest' });
    await field.fill('somebody/nothing');
    await button(page, 'Look').click();
    const card = page.getByRole('region', { name: 'The model to add' });
    await expect(card.getByRole('listitem').first()).toContainText(
      /somebody\/nothing.*401.*use a public model/,
    );

    await field.fill(diffusionRepository);
    await button(page, 'Look').click();
    await button(page, 'Get this model').click();
    await isInstalled(page, diffusionRepository);
    const source = await hubSource(diffusionRepository, { base: hub.url });
    expect(await storedFiles(page, source.id)).toEqual(await cleanFiles(source, { base: hub.url }));
  });

  test('is installed from a folder once that is complete, and repaired from it', async ({ page, hub }) => {
    const folder = await mkdtemp(path.join(tmpdir(), 'drift-model-'));
    const put = async (name: string, content: Uint8Array | string) => {
      await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
      await writeFile(path.join(folder, name), content);
    };
    const contents = new Map<string, Uint8Array<ArrayBuffer>>();
    for (const [name, file] of imageVariations('small', 'safetensors')) {
      const bytes = await file.read(0, file.size);
      if (name === `${clipRepository}/${tower}`) contents.set(towerFile, bytes);
      if (name.startsWith(diffusionRepository)) {
        contents.set(name.slice(diffusionRepository.length + 1), bytes);
      }
    }
    for (const [name, bytes] of contents) if (!/^(vae|image_encoder)/.test(name)) await put(name, bytes);
    await put('unet/config.json', '{"down_block_types": ["Odd"]}');

    await openModels(page, hub);
    await page.getByText('Add a model').click();
    const choose = () => page.getByLabel('Model from a folder').setInputFiles(folder);
    await choose();
    const card = page.getByRole('region', { name: 'The model to add' });
    await expect(card.getByRole('listitem')).toHaveText([
      /unet\/config\.json/,
      /There is no file vae\/config\.json in drift-model/,
      /There is no file image_encoder\/model\.onnx in/,
    ]);

    for (const [name, bytes] of contents) await put(name, bytes);
    await choose();
    await button(page, 'Get this model').click();
    const name = path.basename(folder);
    await isInstalled(page, name);
    const local: LocalFolder = {
      name,
      names: [...contents.keys()],
      open: (each) => {
        const bytes = contents.get(each);
        return Promise.resolve(bytes ? memorySource(each, bytes) : null);
      },
    };
    const source = await folderSource(local);
    const expected = await cleanFiles(source, { folder: local });
    expect(await storedFiles(page, source.id)).toEqual(expected);
    expect(hub.requests, 'requests to the hub').toEqual([]);

    await damage(page, source.id, towerFile, 1000);
    await button(page, `Check ${name} again`).click();
    const news = page.getByRole('dialog').getByRole('status');
    await news.getByRole('button', { name: 'Repair' }).click();
    await expect(alertIn(page)).toContainText(`${name} came from the folder “${name}”.`);
    await choose();
    await button(page, 'Get this model').click();
    await isInstalled(page, name);
    expect(await storedFiles(page, source.id)).toEqual(expected);
    await rm(folder, { recursive: true });
  });
});
