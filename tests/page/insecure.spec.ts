import { button, chooseStart, downloaded, finished, frames, generate, open, set } from './driving.ts';
import { expect, test } from './fixtures.ts';

/** An IP address for documentation (RFC 5737), mapped to this machine: a plain-HTTP origin that is not localhost. */
const otherHost = '192.0.2.7';

test(
  'over plain http in a local network the page works, and names what needs a secure address',
  {
    tag: '@cpu',
  },
  async ({ openBrowser, baseURL }) => {
    const page = await openBrowser(`--host-resolver-rules=MAP ${otherHost} 127.0.0.1`);
    const address = new URL('/', baseURL);
    address.hostname = otherHost;
    await open(page, address.href);
    expect(await page.evaluate(() => isSecureContext)).toBe(false);
    await expect(page.getByText(/gives? a page the GPU only at a secure address: https/)).toBeVisible();
    await expect(page.getByText(/no WebGPU/)).toHaveCount(0);

    await chooseStart(page);
    await expect(
      page.getByText('Projects cannot be kept, because this address is not secure.'),
    ).toBeVisible();
    await expect(page.getByText(/Open Drift by https/)).toBeVisible();
    await expect(page.getByText(/private window/)).toHaveCount(0);

    await set(page, { Frames: 1, Steps: 1 });
    await generate(page);
    await finished(page, 1);
    await expect(frames(page)).toHaveCount(1);
    expect((await downloaded(page, 'Download GIF')).length).toBeGreaterThan(100);
    await expect(button(page, 'Generate')).toBeEnabled();
  },
);
