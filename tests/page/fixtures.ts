import { test as base, expect } from '@playwright/test';
import type { Page } from '@playwright/test';
import { readRig } from '../rig/machines.ts';
import type { MachineName } from '../rig/machines.ts';
import { stayOnOneCore } from '../rig/one-core.ts';
import { serveModel } from './model-server.ts';
import type { ModelServer } from './model-server.ts';

export { expect };

export interface RigOptions {
  /** Name of the machine that this browser is configured as. */
  machine: MachineName;
}

export interface WorkerOptions {
  /** Whether the browser may use all cores, so that ONNX Runtime has threads. */
  allCores: boolean;
}

export interface WorkerFixtures {
  /** Restricts the worker and its browser to one core if they are to have one. */
  cores: undefined;
}

export interface RigFixtures {
  /**
   * Uncaught errors of the page. A test fails if there are any at its end; one that causes them on purpose checks and
   * empties the list.
   */
  pageErrors: Error[];
  /**
   * Opens an empty page in another browser of the same machine, started with further arguments. It is closed after the
   * test; its uncaught errors are added to `pageErrors`.
   */
  openBrowser: (...args: string[]) => Promise<Page>;
  /** The small model on a server of this test, which may change its answers. */
  server: ModelServer;
}

/** Argument that disables Chromium's H.264 encoder, as in many Linux builds: WebCodecs exists but cannot make an MP4. */
export const withoutH264 = '--disable-features=OpenH264SoftwareEncoder';

/** Makes a page add `?gpu=software` to the URLs that it opens. */
function askForGpu(page: Page): void {
  const goto = page.goto.bind(page);
  page.goto = (address, options) => {
    if (address.startsWith('about:')) return goto(address, options);
    const [path = '', ...hash] = address.split('#');
    const asked = `${path}${path.includes('?') ? '&' : '?'}gpu=software`;
    return goto([asked, ...hash].join('#'), options);
  };
}

/** Playwright's `test` with the machine as a fixture. Fails a test in which the page has an uncaught error. */
export const test = base.extend<RigOptions & RigFixtures, WorkerOptions & WorkerFixtures>({
  machine: ['cpu', { option: true }],
  allCores: [false, { option: true, scope: 'worker' }],
  cores: [
    async ({ allCores }, use, { parallelIndex, config }) => {
      if (!allCores) stayOnOneCore(parallelIndex, config.workers);
      await use(undefined);
    },
    { auto: true, scope: 'worker' },
  ],

  // Software GPUs, such as those of the test machines, are used only if the URL requests it.
  context: async ({ context, machine }, use) => {
    if (machine !== 'cpu') context.on('page', askForGpu);
    await use(context);
  },

  pageErrors: [
    async ({ page }, use) => {
      const errors: Error[] = [];
      const record = (error: Error): void => {
        errors.push(error);
      };
      page.on('pageerror', record);
      await use(errors);
      page.off('pageerror', record);
      expect(errors, 'uncaught errors of the page').toEqual([]);
    },
    { auto: true },
  ],

  openBrowser: async ({ playwright, launchOptions, baseURL, pageErrors, machine }, use) => {
    const browsers: { close(): Promise<void> }[] = [];
    await use(async (...args) => {
      const browser = await playwright.chromium.launch({
        ...launchOptions,
        args: [...(launchOptions.args ?? []), ...args],
      });
      browsers.push(browser);
      const page = await browser.newPage(baseURL === undefined ? {} : { baseURL });
      if (machine !== 'cpu') askForGpu(page);
      page.on('pageerror', (error) => pageErrors.push(error));
      return page;
    });
    await Promise.all(browsers.map((browser) => browser.close()));
  },

  server: async ({}, use) => {
    const server = await serveModel();
    await use(server);
    await server.close();
  },
});

/** `test.use(inWholeBrowser)`: runs a spec in the whole browser, for what the headless shell lacks or draws differently. */
export const inWholeBrowser: Parameters<typeof test.use>[0] = {
  launchOptions: [
    async ({ launchOptions }, use) => {
      const machine = readRig()?.machines.find(
        ({ executablePath }) => executablePath === launchOptions.executablePath,
      );
      await use({ ...launchOptions, ...(machine && { executablePath: machine.wholeBrowser }) });
    },
    { scope: 'worker' },
  ],
};
