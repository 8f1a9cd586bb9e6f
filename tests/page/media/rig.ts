/** Builds the harness page like the product, serves it with the product's headers, and opens it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { test as base } from '../fixtures.ts';
import { build, preview } from 'vite';
import type { WorkerKind } from './harness.ts';

const here = fileURLToPath(new URL('.', import.meta.url));
const root = path.resolve(here, '../../..');
const configFile = path.join(root, 'vite.config.ts');

interface TestFixtures {
  /** Kind of media worker in use when the test begins. */
  readonly workerKind: WorkerKind;
}
interface WorkerFixtures {
  readonly harnessUrl: string;
}

export const test = base.extend<TestFixtures, WorkerFixtures>({
  harnessUrl: [
    async ({}, use) => {
      const outDir = await mkdtemp(path.join(tmpdir(), 'drift-media-'));
      await build({
        root,
        configFile,
        logLevel: 'warn',
        build: {
          outDir,
          emptyOutDir: true,
          copyPublicDir: false,
          rolldownOptions: { input: path.join(here, 'harness.html') },
        },
      });
      const server = await preview({
        root,
        configFile,
        build: { outDir },
        preview: { host: '127.0.0.1', port: 0 },
      });
      const address = server.httpServer.address();
      if (address === null || typeof address === 'string') throw new Error('The harness has no port.');
      await use(`http://127.0.0.1:${address.port}/tests/page/media/harness.html`);
      await server.close();
      await rm(outDir, { recursive: true });
    },
    { scope: 'worker' },
  ],
  workerKind: ['plain', { option: true }],
  page: async ({ page, harnessUrl, workerKind }, use) => {
    await page.goto(harnessUrl);
    await page.waitForFunction(() => 'mediaHarness' in globalThis);
    if (workerKind !== 'plain') {
      await page.evaluate((kind) => {
        mediaHarness.use(kind);
      }, workerKind);
    }
    await use(page);
  },
});

export { expect } from '@playwright/test';
