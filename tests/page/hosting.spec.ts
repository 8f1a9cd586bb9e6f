import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findCommand } from '../rig/process.ts';
import { nginxProgram, serveWithNginx, serveWithPython } from '../support/web-servers.ts';
import { firstFrame, modelIsReady, set } from './driving.ts';
import { expect, test } from './fixtures.ts';

const built = fileURLToPath(new URL('../../dist', import.meta.url));

/** The built page on servers with default configurations: no extra headers, default MIME types. */
for (const [name, program, serve] of [
  ["Debian's nginx", nginxProgram(), serveWithNginx],
  ["Python's http.server", findCommand('python3'), serveWithPython],
] as const) {
  test(`makes a frame on ${name}, in a subfolder of a site`, { tag: '@cpu' }, async ({ page }) => {
    test.skip(program === null, `${name} is not installed`);
    const site = mkdtempSync(join(tmpdir(), 'drift-site-'));
    symlinkSync(built, join(site, 'drift'));
    const server = await serve(site);
    try {
      await page.goto(`${server.url}drift/`);
      await page.getByRole('list', { name: 'Examples' }).getByRole('button').first().click();
      await modelIsReady(page);
      await set(page, { Width: 128, Height: 128, Steps: 2 });
      expect((await firstFrame(page)).length).toBeGreaterThan(0);
    } finally {
      await server.close();
      rmSync(site, { recursive: true });
    }
  });
}
