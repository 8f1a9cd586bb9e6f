import type { Page } from '@playwright/test';
import { exported, openExport, save } from './export-dialog.ts';
import { expect, test } from './fixtures.ts';
import { needsReaders, readBack } from './media/programs.ts';

/** What the clipboard has of a type, in base64; null if nothing. */
function clipboard(page: Page, type: string): Promise<string | null> {
  return page.evaluate(async (wanted) => {
    const [item] = await navigator.clipboard.read();
    if (!item?.types.includes(wanted)) return null;
    const bytes = new Uint8Array(await (await item.getType(wanted)).arrayBuffer());
    let text = '';
    for (const byte of bytes) text += String.fromCharCode(byte);
    return btoa(text);
  }, type);
}

/** Gives the page a share sheet that keeps what it is given, or fails. */
async function withShareSheet(page: Page, failure: string | null): Promise<void> {
  await page.addInitScript((errorName) => {
    const canShare = ({ files = [] }: ShareData) =>
      files.length > 0 && files.every(({ type }) => /^(image\/(gif|png|webp)|video\/(mp4|webm))$/.test(type));
    const share = async ({ files = [] }: ShareData) => {
      if (!navigator.userActivation.isActive) throw new DOMException('no gesture', 'NotAllowedError');
      if (errorName !== null) throw new DOMException('it did not work', errorName);
      const [file] = files;
      const bytes = file ? [...new Uint8Array(await file.arrayBuffer())] : [];
      document.body.dataset['shared'] = JSON.stringify({ name: file?.name, type: file?.type, bytes });
    };
    Object.defineProperty(navigator, 'canShare', { value: canShare });
    Object.defineProperty(navigator, 'share', { value: share });
  }, failure);
}

test.describe('a file that is written', { tag: '@cpu' }, () => {
  for (const { format, type, extension } of [
    { format: 'GIF', type: 'image/gif', extension: 'gif' },
    { format: 'WebP', type: 'image/webp', extension: 'webp' },
    { format: 'APNG', type: 'image/png', extension: 'apng' },
  ]) {
    test(`is copied as ${format}: moving into documents, else its first frame`, async ({ page, context }) => {
      needsReaders();
      await context.grantPermissions(['clipboard-read', 'clipboard-write']);
      const dialog = await openExport(page);
      await dialog.getByLabel('Scale', { exact: true }).fill('2');
      const { bytes } = await save(page, dialog, format);
      await dialog.getByRole('button', { name: 'Copy', exact: true }).click();
      await expect(dialog.getByRole('status').filter({ hasText: 'Copied' })).toBeVisible();
      // However often: the browser's temporary files are few.
      for (let again = 0; again < 4; again++) {
        await page.evaluate(() => navigator.clipboard.writeText(''));
        await dialog.getByRole('button', { name: 'Copy', exact: true }).click();
        await expect.poll(() => clipboard(page, 'text/html')).not.toBe(null);
      }

      const html = Buffer.from((await clipboard(page, 'text/html')) ?? '', 'base64').toString();
      const [, copied = ''] = new RegExp(`src="data:${type};base64,([^"]+)"`).exec(html) ?? [];
      expect(Buffer.from(copied, 'base64').equals(bytes), 'the whole file').toBe(true);

      const still = Buffer.from((await clipboard(page, 'image/png')) ?? '', 'base64');
      const seen = await readBack(still, 'png');
      expect(seen.stream).toMatchObject({ width: 2 * exported.width, height: 2 * exported.height });
      expect(seen.frames).toHaveLength(1);
      if (extension === 'apng') {
        const [first] = (await readBack(bytes, extension)).frames;
        expect(seen.frames[0]?.equals(first ?? Buffer.alloc(0)), 'its first frame').toBe(true);
      }

      // As a document takes it: pasted by the keyboard.
      await page.goto('about:blank');
      await page.setContent('<div contenteditable style="height: 200px"></div>');
      await page.locator('div').click();
      await page.keyboard.press('Control+V');
      await expect(page.locator('img')).toHaveAttribute('src', new RegExp(`^data:${type};base64,`));
    });
  }

  test('is not offered to the clipboard where that takes none of its kind', async ({ page }) => {
    const dialog = await openExport(page);
    for (const format of ['MP4', 'ZIP']) {
      await save(page, dialog, format);
      await expect(dialog.getByRole('status').filter({ hasText: 'drift-' })).toBeVisible();
      await expect(dialog.getByRole('button', { name: 'Copy', exact: true })).toHaveCount(0);
    }
  });

  test('says so when the browser does not let it be copied', async ({ page }) => {
    await page.addInitScript(() => {
      navigator.clipboard.write = () => Promise.reject(new DOMException('denied', 'NotAllowedError'));
    });
    const dialog = await openExport(page);
    await save(page, dialog, 'GIF');
    await dialog.getByRole('button', { name: 'Copy', exact: true }).click();
    await expect(page.getByRole('alert').filter({ hasText: 'did not let Drift copy the file' })).toHaveCount(
      1,
    );
    await expect(dialog.getByRole('status').filter({ hasText: 'Copied' })).toHaveCount(0);
  });

  test('goes to the share sheet where there is one, under its name', async ({ page }) => {
    await withShareSheet(page, null);
    const dialog = await openExport(page);
    for (const { format, type } of [
      { format: 'GIF', type: 'image/gif' },
      { format: 'MP4', type: 'video/mp4' },
    ]) {
      const { bytes, name } = await save(page, dialog, format);
      await dialog.getByRole('button', { name: 'Share', exact: true }).click();
      const shared = JSON.stringify({ name, type, bytes: [...bytes] });
      await expect.poll(() => page.evaluate(() => document.body.dataset['shared'])).toBe(shared);
    }
    // The sheet takes no archives.
    await save(page, dialog, 'ZIP');
    await expect(dialog.getByRole('status').filter({ hasText: '.zip' })).toBeVisible();
    await expect(dialog.getByRole('button', { name: 'Share', exact: true })).toHaveCount(0);
  });

  test('has no share button where the browser has no share sheet', async ({ page }) => {
    await page.addInitScript(() => {
      Reflect.deleteProperty(Navigator.prototype, 'canShare');
    });
    const dialog = await openExport(page);
    await save(page, dialog, 'GIF');
    await expect(dialog.getByRole('button', { name: 'Copy', exact: true })).toBeVisible();
    await expect(dialog.getByRole('button', { name: 'Share', exact: true })).toHaveCount(0);
  });

  for (const { name, reports } of [
    { name: 'AbortError', reports: 0 },
    { name: 'NotAllowedError', reports: 1 },
  ]) {
    test(`is kept when sharing ends with ${name}`, async ({ page }) => {
      await withShareSheet(page, name);
      const dialog = await openExport(page);
      await save(page, dialog, 'GIF');
      await dialog.getByRole('button', { name: 'Share', exact: true }).click();
      await expect(page.getByRole('alert')).toHaveCount(reports);
      await expect(dialog.getByRole('button', { name: 'Share', exact: true })).toBeEnabled();
    });
  }
});
