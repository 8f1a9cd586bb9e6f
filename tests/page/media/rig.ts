/** Builds the harness page like the product, serves it with the product's headers, and opens it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { servePage } from '../../../tools/tool-page.ts';
import { test as base } from '../fixtures.ts';
import type { WorkerKind } from './harness.ts';

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
      const server = await servePage('tests/page/media/harness.html', outDir);
      await use(server.address);
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
