/** Builds the harness page like the product, serves it with the product's headers, and opens it once. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { servePage } from '../../../tools/tool-page.ts';
import type { Page } from '@playwright/test';
import { test as base } from '../fixtures.ts';
import type { WorkerKind } from './harness.ts';

interface TestFixtures {
  /** Kind of media worker in use when the test begins. */
  readonly workerKind: WorkerKind;
}
interface WorkerFixtures {
  /** The harness, opened once for all tests; each has a media worker of its own. */
  readonly harness: Page;
}

export const test = base.extend<TestFixtures, WorkerFixtures>({
  harness: [
    async ({ browser }, use) => {
      const outDir = await mkdtemp(path.join(tmpdir(), 'drift-media-'));
      const server = await servePage('tests/page/media/harness.html', outDir);
      const page = await browser.newPage({ serviceWorkers: 'block' });
      await page.goto(server.address);
      await page.waitForFunction(() => 'mediaHarness' in globalThis);
      await use(page);
      await page.close();
      await server.close();
      await rm(outDir, { recursive: true });
    },
    { scope: 'worker' },
  ],
  workerKind: ['plain', { option: true }],
  page: async ({ harness, workerKind }, use) => {
    await harness.evaluate((kind) => {
      mediaHarness.use(kind);
    }, workerKind);
    await use(harness);
  },
});

export { expect } from '@playwright/test';
