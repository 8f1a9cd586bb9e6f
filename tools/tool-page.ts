import { resolve } from 'node:path';
import { chromium } from '@playwright/test';
import type { BrowserContext } from '@playwright/test';
import { build, preview } from 'vite';
import { readRig } from '../tests/rig/machines.ts';
import { listProcesses } from './soak/processes.ts';

/** A page of a tool on localhost. */
export interface ServedPage {
  readonly address: string;
  readonly close: () => Promise<void>;
}

/** Builds a page of a tool like the product, and serves it with the product's headers. */
export async function servePage(input: string, outDir: string): Promise<ServedPage> {
  const [root, configFile] = [resolve('.'), resolve('vite.config.ts')];
  await build({
    root,
    configFile,
    logLevel: 'warn',
    build: {
      outDir,
      emptyOutDir: true,
      copyPublicDir: false,
      rolldownOptions: { input: resolve(input) },
    },
  });
  const server = await preview({
    root,
    configFile,
    build: { outDir },
    preview: { host: '127.0.0.1', port: 0 },
  });
  const address = server.httpServer.address();
  if (address === null || typeof address === 'string') throw new Error('The page has no port.');
  return {
    address: `http://127.0.0.1:${address.port}/${input}`,
    close: () => server.close(),
  };
}

/** Chromium without a GPU, as the tests run it, and the id of its main process. */
export interface ToolBrowser {
  readonly context: BrowserContext;
  readonly pid: number;
}

/**
 * Starts a browser with this profile folder.
 *
 * @throws Error if the test browsers are not ready
 */
export async function openBrowser(profile: string): Promise<ToolBrowser> {
  const machine = readRig()?.machines.find(({ name }) => name === 'cpu');
  if (!machine) throw new Error('The test browsers are not ready. Run "npm test -- prepare" once.');
  const { executablePath, args, env } = machine;
  const context = await chromium.launchPersistentContext(profile, {
    executablePath,
    args,
    env: { ...process.env, ...env },
  });
  const own = (await listProcesses()).find(
    (each) => each.parent === process.pid && each.arguments.includes(`--user-data-dir=${profile}`),
  );
  if (own) return { context, pid: own.pid };
  await context.close();
  throw new Error('The browser that was started is not among the processes.');
}
