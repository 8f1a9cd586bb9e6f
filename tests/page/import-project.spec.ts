import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  button,
  dropPaths,
  field,
  finished,
  frames,
  generate,
  pixelsOf,
  prepare,
  set,
  stripPixels,
} from './driving.ts';
import { expect, test } from './fixtures.ts';

test.describe('imported projects', { tag: '@cpu' }, () => {
  test('an exported project that was renamed to .zip is opened as it was', async ({ page }) => {
    await prepare(page, { Frames: 2, Steps: 3, Seed: 77 });
    await generate(page);
    await finished(page, 2);
    const start = page.getByRole('img', { name: 'Start', exact: true });
    const before = [...(await pixelsOf(start)), ...(await stripPixels(page))];
    await button(page, 'Projects').click();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      button(page, 'Export start').click(),
    ]);
    await page.keyboard.press('Escape');
    const directory = await mkdtemp(join(tmpdir(), 'drift-renamed-'));
    try {
      const renamed = join(directory, 'mine.zip');
      await copyFile(await download.path(), renamed);
      const bringIn = [
        () => dropPaths(page, renamed),
        async () => {
          await button(page, 'Projects').click();
          await page.getByLabel('Make a project of pictures').setInputFiles(renamed);
        },
      ];
      for (const [number, bring] of bringIn.entries()) {
        await set(page, { Seed: 5 });
        await bring();
        await expect(field(page, 'Seed')).toHaveValue('77');
        await expect(field(page, 'Steps')).toHaveValue('3');
        await expect(frames(page)).toHaveCount(2);
        const after = [...(await pixelsOf(start)), ...(await stripPixels(page))];
        expect(after.map((pixels, i) => pixels.equals(before[i] ?? Buffer.alloc(0)))).toEqual([
          true,
          true,
          true,
        ]);
        await button(page, 'Projects').click();
        const list = page.getByRole('list', { name: 'Projects' }).getByRole('listitem');
        await expect(list).toHaveCount(2 + number);
        await page.keyboard.press('Escape');
      }
      await expect(page.getByRole('alert')).toHaveCount(0);
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});
