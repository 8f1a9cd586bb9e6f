import type { Page } from '@playwright/test';
import { stableDiffusionVariations } from '../../src/models/install/index.ts';
import { memorySource } from '../../src/models/source.ts';
import { diffusionRepository } from '../../tools/full-model/model.ts';
import { createGate, startHub } from '../support/hub/index.ts';
import type { FaultRule, Gate, Hub } from '../support/hub/index.ts';
import { published } from '../support/hub/published.ts';
import { button } from './driving.ts';
import {
  cleanFiles,
  expect,
  fullId,
  fullName,
  shortenTimers,
  inSecondChunk,
  isInstalled,
  recordCardLines,
  lookAtFull,
  openModels,
  secondChunk,
  storedFiles,
  test,
  tower,
} from './model-hub.ts';

const unet = 'unet/diffusion_pytorch_model.safetensors';
const textTower = 'onnx/text_model_fp16.onnx';
/** Offset in the UNet's values, after the header, which is read to compute the costs. */
const inValues = 200_000;

/**
 * Starts the download, whose first request that covers this offset stalls after 1000 bytes until the gate is opened, and then loses its
 * connection.
 */
async function downloadUpTo(
  page: Page,
  hub: Hub,
  range: { readonly path: string; readonly covering: number },
): Promise<Gate> {
  const gate = createGate();
  hub.inject({
    ...range,
    to: 1,
    faults: [
      { kind: 'stall', after: 1000, gate },
      { kind: 'drop', after: 1000 },
    ],
  });
  await button(page, 'Download').click();
  await gate.reached;
  return gate;
}

/**
 * Transient server faults, and the message that each may show. Each must end in the model that a faultless server
 * gives.
 */
const transientFaults: Record<
  string,
  { readonly rules: readonly FaultRule[]; readonly says: readonly RegExp[] }
> = {
  'cannot be reached, is busy and loses connections': {
    rules: [
      { at: 'resolve', to: 4, faults: [{ kind: 'hang-up' }] },
      { path: tower, covering: 1_000_000, to: 2, faults: [{ kind: 'drop', after: 300_000 }] },
      { path: tower, covering: inSecondChunk, to: 1, faults: [{ kind: 'short', by: 1000 }] },
      { path: textTower, to: 2, faults: [{ kind: 'status', status: 429, retryAfter: 20 }] },
      { path: unet, covering: inValues, to: 2, faults: [{ kind: 'status', status: 503 }] },
    ],
    says: [
      /vision_model_fp16\.onnx could not be reached, or the connection was lost\. Trying again in/,
      /text_model_fp16\.onnx could not be read: the server answered 429\. Trying again in 20 s/,
      /the server answered 503\. Trying again in/,
    ],
  },
  'ignores ranges': { rules: [{ faults: [{ kind: 'ignore-range' }] }], says: [] },
  'hides its headers from other sites': { rules: [{ faults: [{ kind: 'hide-headers' }] }], says: [] },
  'refuses a good range, and wants a log-in in between': {
    rules: [
      { path: tower, covering: inSecondChunk, to: 1, faults: [{ kind: 'refuse-range' }] },
      { path: unet, covering: inValues, to: 1, faults: [{ kind: 'web-page' }] },
    ],
    says: [
      /vision_model_fp16\.onnx could not be read: the server answered 416\. Trying again in/,
      /A web page was received instead of .*safetensors\. Trying again in/,
    ],
  },
};

test.describe('a model server', { tag: '@cpu' }, () => {
  for (const [what, { rules, says }] of Object.entries(transientFaults)) {
    test(`that ${what} does not prevent the download`, async ({ page, hub, flawless }) => {
      await shortenTimers(page);
      const news = await recordCardLines(page);
      await openModels(page, hub);
      await lookAtFull(page);
      for (const rule of rules) hub.inject(rule);
      await button(page, 'Download').click();
      await isInstalled(page);
      const said = await news();
      for (const each of says) expect(said).toMatch(each);
      expect(await storedFiles(page, fullId)).toEqual(flawless);
    });
  }

  test('that no longer has safetensors serves PyTorch’s files instead', async ({ page, hub, files }) => {
    const rest = new Map([...files].filter(([path]) => path !== `${diffusionRepository}/${unet}`));
    const other = await startHub(published(rest));
    const expected = await cleanFiles(stableDiffusionVariations, { base: other.url });
    await other.close();

    hub.inject({ at: 'resolve', path: unet, faults: [{ kind: 'status', status: 404 }] });
    const news = await recordCardLines(page);
    await openModels(page, hub);
    await lookAtFull(page);
    await button(page, 'Download').click();
    await isInstalled(page);
    expect(await news()).toMatch(
      /There is no file at .*\.safetensors\. Taking .*v2\.0\/unet\/.*\.bin instead/,
    );
    expect(await storedFiles(page, fullId)).toEqual(expected);
  });

  test('that replaces a file during the download restarts that file', async ({ page, hub, files }) => {
    const path = `${diffusionRepository}/${unet}`;
    const first = files.get(path);
    if (!first) throw new Error(`There is no ${path}.`);
    const bytes = await first.read(0, first.size);
    // Flips the signs of some values; the result is valid float16.
    for (let at = bytes.length - 40_001; at < bytes.length; at += 4) bytes[at] = (bytes[at] ?? 0) ^ 0x80;
    const second = memorySource(unet, bytes);
    const other = await startHub(published(new Map([...files, [path, second]])));
    const expected = await cleanFiles(stableDiffusionVariations, { base: other.url });
    await other.close();

    await shortenTimers(page);
    const news = await recordCardLines(page);
    await openModels(page, hub);
    await lookAtFull(page);
    const gate = await downloadUpTo(page, hub, { path: unet, covering: inValues });
    hub.inject({ path: unet, faults: [{ kind: 'replaced', by: second }] });
    gate.open();
    await isInstalled(page);
    expect(await news()).toMatch(/safetensors was replaced on its server\. Its download begins again/);
    expect(await storedFiles(page, fullId)).toEqual(expected);
  });

  test('that keeps failing ends the download with an error, and downloaded chunks are kept', async ({
    page,
    hub,
    files,
    flawless,
  }) => {
    const other = files.get(`${diffusionRepository}/vae/diffusion_pytorch_model.safetensors`);
    if (!other) throw new Error('There is no decoder.');
    await shortenTimers(page);
    await openModels(page, hub);
    await lookAtFull(page);
    const alert = page.getByRole('dialog').getByRole('alert');
    const resume = alert.getByRole('button', { name: 'Resume' });
    const where = { path: tower, covering: inSecondChunk };
    /** Faults that persist, and the error message expected for each. */
    const faults: readonly [FaultRule, RegExp][] = [
      [
        { ...where, faults: [{ kind: 'replaced', by: other }] },
        /was replaced on its server while it was being read.*What has been downloaded is kept/,
      ],
      [{ ...where, faults: [{ kind: 'other-range', shift: 1000 }] }, /answered with another range/],
      [{ ...where, faults: [{ kind: 'status', status: 403 }] }, /answered 403.*use a public model/],
    ];
    for (const [index, [rule, says]] of faults.entries()) {
      const injected = hub.inject(rule);
      await (index === 0 ? button(page, 'Download') : resume).click();
      await expect(alert).toContainText(says);
      await expect(button(page, `Use ${fullName}`)).toHaveCount(0);
      injected.remove();
    }
    const before = hub.fetched(tower).bytes;
    await resume.click();
    await isInstalled(page);
    await expect(alert, 'the error is gone').toHaveCount(0);
    expect(hub.fetched(tower).bytes - before).toBeLessThan(secondChunk);
    expect(await storedFiles(page, fullId)).toEqual(flawless);
  });

  test('without CORS is reported before anything is downloaded', async ({ page, hub }) => {
    hub.inject({ path: tower, faults: [{ kind: 'no-cors' }] });
    await shortenTimers(page);
    await openModels(page, hub);
    await button(page, 'Get the full model').click();
    const card = page.getByRole('region', { name: fullName });
    await expect(card.getByRole('listitem')).toHaveText([/vision_model.*could not be reached.*\(CORS\)/]);
    hub.reset();
    await card.getByRole('button', { name: 'Try again' }).click();
    await expect(button(page, 'Download')).toBeEnabled();
  });
});

test.describe('the network', { tag: '@cpu' }, () => {
  test('can be offline for long: the download resumes when it is back', async ({ page, hub, flawless }) => {
    await shortenTimers(page);
    await openModels(page, hub);
    await lookAtFull(page);
    const gate = await downloadUpTo(page, hub, { path: tower, covering: inSecondChunk });
    await page.context().setOffline(true);
    gate.open();
    const card = page.getByRole('region', { name: `Download of ${fullName}` });
    await expect(card).toContainText('This device is offline. The download goes on as soon as it is back.');
    await page.context().setOffline(false);
    await isInstalled(page);
    expect(await storedFiles(page, fullId)).toEqual(flawless);
  });
});
