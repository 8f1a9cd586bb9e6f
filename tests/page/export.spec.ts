import { unzipSync } from 'fflate';
import type { Page } from '@playwright/test';
import { button, field, open, set } from './driving.ts';
import { differenceOfExported, exported, openExport, save } from './export-dialog.ts';
import { expect, test } from './fixtures.ts';
import { makeFrame } from './media/frames.ts';
import { readBack, metadataOf, needsReaders, webpOf } from './media/programs.ts';

const { count, width, height } = exported;

/** Drops a file on the page. */
async function drop(page: Page, { bytes, name }: { readonly bytes: Buffer; readonly name: string }) {
  await page.evaluate(
    ([base64, fileName]) => {
      const dataTransfer = new DataTransfer();
      const file = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
      dataTransfer.items.add(new File([file], fileName));
      for (const step of ['dragenter', 'dragover', 'drop']) {
        document.body.dispatchEvent(new DragEvent(step, { bubbles: true, cancelable: true, dataTransfer }));
      }
    },
    [bytes.toString('base64'), name] as const,
  );
}

test.describe('the Export dialog', { tag: '@cpu' }, () => {
  test('writes GIF, MP4, WebM and APNG that other programs can read', async ({ page }) => {
    needsReaders();
    const dialog = await openExport(page);
    await dialog.getByLabel('Frame rate').fill('20');
    await dialog.getByLabel('Hold last frame').fill('0.5');
    const length = count / 20 + 0.5;
    for (const { format, extension, bound } of [
      { format: 'GIF', extension: 'gif', bound: 10 },
      { format: 'MP4', extension: 'mp4', bound: 4 },
      { format: 'WebM', extension: 'webm', bound: 5 },
      { format: 'APNG', extension: 'png', bound: 0.001 },
    ]) {
      const { bytes, name } = await save(page, dialog, format);
      expect(name).toMatch(new RegExp(`^drift-.*\\.${extension}$`));
      const seen = await readBack(bytes, extension === 'png' ? 'apng' : extension);
      expect(seen.warnings, format).toBe('');
      expect(seen.stream, format).toMatchObject({ width, height });
      const isVideo = extension === 'mp4' || extension === 'webm';
      expect(seen.frames, format).toHaveLength(isVideo ? length * 20 : count);
      for (let i = 0; i < count; i++) {
        expect(
          differenceOfExported(seen.frames[i] ?? Buffer.alloc(0), i),
          `${format}, frame ${i}`,
        ).toBeLessThan(bound);
      }
      seen.times.slice(0, count).forEach(({ pts_time }, i) => {
        expect(Math.abs(pts_time - i / 20), `${format}, time of frame ${i}`).toBeLessThan(0.002);
      });
      if (format !== 'APNG') expect(seen.duration, format).toBeCloseTo(length, 1);
      const metadata = await metadataOf(bytes, extension);
      expect(metadata, format).toContain('"program":"Drift"');
      expect(metadata, format).toContain('professional photograph');
    }
  });

  test('writes MP4 with x264 when that is chosen: smaller, and as close', async ({ page }) => {
    needsReaders();
    const dialog = await openExport(page);
    await dialog.getByLabel('Scale', { exact: true }).fill('4');
    const fast = await save(page, dialog, 'MP4');
    await dialog.getByLabel('Encoder').selectOption('x264');
    const small = await save(page, dialog, 'MP4');
    expect(small.bytes.includes('x264'), 'the encoder names itself').toBe(true);
    expect(fast.bytes.includes('x264')).toBe(false);
    expect(small.bytes.length).toBeLessThan(fast.bytes.length);
    const seen = await readBack(small.bytes, 'mp4');
    expect(seen.warnings).toBe('');
    expect(seen.stream).toMatchObject({ width: 4 * width, height: 4 * height, pix_fmt: 'yuv420p' });
    expect(seen.frames).toHaveLength(count);
    expect(await metadataOf(small.bytes, 'mp4')).toContain('"program":"Drift"');
  });

  test('says what x264 takes before it is fetched, and fetches it only to save', async ({ page }) => {
    const fetched: string[] = [];
    page.on('request', (request) => {
      if (request.url().includes('ffmpeg-core')) fetched.push(request.url());
    });
    const dialog = await openExport(page);
    await dialog.getByRole('radio', { name: 'MP4', exact: true }).check();
    await expect(dialog.getByText(/^about \d/)).toBeVisible();
    await dialog.getByLabel('Encoder').selectOption('x264');
    const note = dialog.getByText('downloads ffmpeg first (32 MB, once)');
    await expect(note).toBeVisible();
    await expect(note).toContainText('the size of the file is not known');
    await dialog.getByLabel('In-betweens').fill('1');
    await expect(dialog.getByText('11', { exact: true })).toBeVisible();
    expect(fetched).toEqual([]);
    await save(page, dialog, 'MP4');
    expect(fetched).not.toEqual([]);
    await expect(note).toHaveCount(0);
    await expect(dialog.getByText(/^about \d/)).toBeVisible();
  });

  test('writes WebM with AV1 when that is chosen: smaller, and as close', async ({ page }) => {
    needsReaders();
    const dialog = await openExport(page);
    await dialog.getByLabel('Scale', { exact: true }).fill('4');
    const vp9 = await save(page, dialog, 'WebM');
    await dialog.getByLabel('Codec').selectOption('av1');
    const av1 = await save(page, dialog, 'WebM');
    expect(av1.bytes.length).toBeLessThan(vp9.bytes.length);
    for (const [{ bytes }, codec] of [
      [vp9, 'vp9'],
      [av1, 'av1'],
    ] as const) {
      const seen = await readBack(bytes, 'webm');
      expect(seen.warnings, codec).toBe('');
      expect(seen.stream).toMatchObject({
        codec_name: codec,
        width: 4 * width,
        height: 4 * height,
        pix_fmt: 'yuv420p',
        color_range: 'tv',
        color_space: 'bt709',
      });
      expect(seen.frames, codec).toHaveLength(count);
      seen.frames.forEach((frame, i) => {
        const enlarged = (x: number, y: number, channel: number) =>
          frame[3 * (4 * width * (4 * y + 2) + 4 * x + 2) + channel] ?? NaN;
        const { data } = makeFrame(i, width, height);
        let sum = 0;
        for (let at = 0; at < width * height; at++) {
          for (let channel = 0; channel < 3; channel++) {
            const shown = enlarged(at % width, Math.floor(at / width), channel);
            sum += Math.abs(shown - (data[4 * at + channel] ?? 0));
          }
        }
        expect(sum / (3 * width * height), `${codec}, frame ${i}`).toBeLessThan(5);
      });
      seen.times.forEach(({ pts_time }, i) => {
        expect(Math.abs(pts_time - i / 10), `${codec}, time of frame ${i}`).toBeLessThan(0.002);
      });
      expect(await metadataOf(bytes, 'webm'), codec).toContain('"program":"Drift"');
    }
  });

  test('does not offer AV1 where the browser cannot encode it', async ({ page }) => {
    await page.route('**/assets/media-*.js', async (route) => {
      const response = await route.fetch();
      const without = `const isSupported = VideoEncoder.isConfigSupported;
        VideoEncoder.isConfigSupported = (config) => config.codec.startsWith('av01')
          ? Promise.resolve({ supported: false, config }) : isSupported.call(VideoEncoder, config);`;
      await route.fulfill({ response, body: `${await response.text()}\n${without}` });
    });
    const dialog = await openExport(page);
    await dialog.getByRole('radio', { name: 'WebM', exact: true }).check();
    await expect(dialog.getByText(/^about \d/)).toBeVisible();
    await expect(dialog.getByLabel('Codec')).toHaveCount(0);
  });

  test('writes WebP, ZIP and the project', async ({ page }) => {
    needsReaders();
    const dialog = await openExport(page);
    const webp = await save(page, dialog, 'WebP');
    const seen = await webpOf(webp.bytes);
    expect(seen.info).toContain(`Canvas size ${width} x ${height}`);
    expect(seen.info).toContain(`Number of frames: ${count}`);
    expect(seen.info).toContain('Loop Count : 0');
    expect(seen.info).toContain('No error detected');
    expect(seen.info).not.toMatch(/warning/i);
    expect(await metadataOf(webp.bytes, 'webp')).toContain('"program":"Drift"');

    const zip = unzipSync((await save(page, dialog, 'ZIP')).bytes);
    expect(Object.keys(zip)).toHaveLength(count + 1);
    expect(JSON.parse(Buffer.from(zip['project.json'] ?? []).toString())).toMatchObject({
      format: 'drift-project',
    });

    await dialog.getByRole('switch', { name: 'Include how it was made' }).click();
    const bare = unzipSync((await save(page, dialog, 'ZIP')).bytes);
    expect(Object.keys(bare)).toHaveLength(count);
    expect(Buffer.from(bare['frames/0000001.png'] ?? []).includes('Drift')).toBe(false);

    const project = await save(page, dialog, 'Drift project');
    expect(project.name).toMatch(/\.drift$/);
    await expect(dialog).toHaveCount(0);
  });

  test('writes files that bring the settings back when they are dropped on the page', async ({ page }) => {
    await open(page);
    await set(page, { Seed: 77 });
    const dialog = await openExport(page, false);
    const files = [];
    for (const format of ['GIF', 'WebP', 'APNG', 'MP4', 'WebM']) {
      const { bytes, name } = await save(page, dialog, format);
      files.push({ bytes, name });
    }
    await page.keyboard.press('Escape');
    for (const file of files) {
      await set(page, { Seed: 5 });
      await drop(page, file);
      const isVideo = /\.(mp4|webm)$/.test(file.name);
      if (!isVideo) await button(page, 'Use its settings').click();
      await expect(page.getByText(`The settings are now those of “${file.name}”`)).toBeVisible();
      await expect(field(page, 'Seed')).toHaveValue('77');
      await button(page, 'Bring back mine').click();
      await expect(field(page, 'Seed')).toHaveValue('5');
    }
  });

  test('applies frame rate, scale, cross-fades and presets', async ({ page }) => {
    needsReaders();
    const dialog = await openExport(page);
    await dialog.getByLabel('Frame rate').fill('60');
    await expect(dialog.getByText('50 a second are written instead of 60')).toBeVisible();
    await dialog.getByRole('button', { name: 'Use 50' }).click();
    await expect(dialog.getByLabel('Frame rate')).toHaveValue('50');
    await dialog.getByLabel('In-betweens').fill('2');
    await dialog.getByLabel('Scale', { exact: true }).fill('2');
    await dialog.getByRole('switch', { name: 'Include the start picture' }).click();
    await dialog.getByRole('switch', { name: 'There and back' }).click();
    // Pictures 0 to 6 and back to 1: twelve pictures, each followed by two cross-fades.
    await expect(dialog.getByText('36', { exact: true })).toBeVisible();
    const seen = await readBack((await save(page, dialog, 'GIF')).bytes, 'gif');
    expect(seen.frames).toHaveLength(36);
    expect(seen.stream).toMatchObject({ width: 2 * width, height: 2 * height });

    await dialog.getByRole('button', { name: 'Sticker 512×512' }).click();
    await expect(dialog.getByText('512 × 512', { exact: true })).toBeVisible();
    const sticker = await save(page, dialog, 'WebP');
    expect((await webpOf(sticker.bytes)).info).toContain('Canvas size 512 x 512');
  });
});

/** Makes the save picker choose a file of the private file system, which is a real file with a real handle. */
async function pickerOf(page: Page, name: string | null): Promise<void> {
  await page.addInitScript((chosen) => {
    const choose = async () => {
      if (chosen === null) throw new DOMException('The user aborted a request.', 'AbortError');
      return (await navigator.storage.getDirectory()).getFileHandle(chosen, { create: true });
    };
    Object.defineProperty(window, 'showSaveFilePicker', { value: choose });
  }, name);
}

/** Contents of a file of the private file system in base64; null if there is none. */
function picked(page: Page, name: string): Promise<string | null> {
  return page.evaluate(async (wanted) => {
    const root = await navigator.storage.getDirectory();
    // The file may be removed between any two of these calls.
    const read = root.getFileHandle(wanted).then(async (handle) => (await handle.getFile()).arrayBuffer());
    const buffer = await read.catch((error: unknown) => {
      if (error instanceof DOMException && error.name === 'NotFoundError') return null;
      throw error;
    });
    if (!buffer) return null;
    const bytes = new Uint8Array(buffer);
    let text = '';
    for (const byte of bytes) text += String.fromCharCode(byte);
    return btoa(text);
  }, name);
}

/** Names of the files in the folders of exports that are being written or were just downloaded. */
function scratchFiles(page: Page): Promise<string[]> {
  return page.evaluate(async () => {
    const found: string[] = [];
    const root = await navigator.storage.getDirectory();
    const scratch = await root.getDirectoryHandle('scratch').catch(() => null);
    if (!scratch) return found;
    const list = async (folder: FileSystemDirectoryHandle, path: string): Promise<void> => {
      for await (const [name, handle] of folder.entries()) {
        if (handle instanceof FileSystemDirectoryHandle) await list(handle, `${path}${name}/`);
        else found.push(path + name);
      }
    };
    await list(scratch, '');
    return found;
  });
}

test.describe('where an export goes', { tag: '@cpu' }, () => {
  test('to the chosen file, and nowhere else', async ({ page }) => {
    needsReaders();
    await pickerOf(page, 'mine.gif');
    const dialog = await openExport(page);
    const downloads: string[] = [];
    page.on('download', (download) => downloads.push(download.suggestedFilename()));
    const before = await scratchFiles(page);
    await dialog.getByRole('button', { name: 'Choose where…' }).click();
    await expect(dialog.getByRole('status').filter({ hasText: 'mine.gif' })).toBeVisible();
    const seen = await readBack(Buffer.from((await picked(page, 'mine.gif')) ?? '', 'base64'), 'gif');
    expect(seen.warnings).toBe('');
    expect(seen.frames).toHaveLength(count);
    expect(downloads).toEqual([]);
    expect(await scratchFiles(page)).toEqual(before);
  });

  test('nowhere when no file is chosen', async ({ page }) => {
    await pickerOf(page, null);
    const dialog = await openExport(page);
    await dialog.getByRole('button', { name: 'Choose where…' }).click();
    await expect(dialog.getByRole('button', { name: 'Save', exact: true })).toBeEnabled();
    await expect(dialog.getByRole('progressbar')).toHaveCount(0);
    await expect(page.getByRole('alert')).toHaveCount(0);
  });

  for (const format of ['GIF', 'MP4', 'ZIP']) {
    test(`nowhere when ${format} is cancelled: nothing half-written stays`, async ({ page }) => {
      await pickerOf(page, 'mine');
      const dialog = await openExport(page);
      const downloads: string[] = [];
      page.on('download', (download) => downloads.push(download.suggestedFilename()));
      await dialog.getByRole('radio', { name: format, exact: true }).check();
      // Long enough to be cancelled on any machine.
      await dialog.getByLabel('In-betweens').fill('60');
      await dialog.getByLabel('Scale', { exact: true }).fill('8');
      const before = await scratchFiles(page);
      for (const way of ['Save', 'Choose where…']) {
        await dialog.getByRole('button', { name: way, exact: true }).click();
        await expect(dialog.getByRole('progressbar', { name: 'Writing the file' })).toBeVisible();
        await dialog.getByRole('button', { name: 'Cancel' }).click();
        await expect(dialog.getByRole('button', { name: 'Save', exact: true })).toBeEnabled();
        await expect.poll(() => scratchFiles(page), way).toEqual(before);
        await expect.poll(() => picked(page, 'mine'), way).toBe(null);
      }
      await expect(page.getByRole('alert')).toHaveCount(0);
      expect(downloads).toEqual([]);
    });
  }

  test('not into an older file when it is cancelled: that keeps its contents', async ({ page }) => {
    await pickerOf(page, 'mine.gif');
    const dialog = await openExport(page);
    await page.evaluate(async () => {
      const root = await navigator.storage.getDirectory();
      const writable = await (await root.getFileHandle('mine.gif', { create: true })).createWritable();
      await writable.write('older');
      await writable.close();
    });
    await dialog.getByLabel('In-betweens').fill('60');
    await dialog.getByLabel('Scale', { exact: true }).fill('8');
    await dialog.getByRole('button', { name: 'Choose where…' }).click();
    await expect(dialog.getByRole('progressbar', { name: 'Writing the file' })).toBeVisible();
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await expect(dialog.getByRole('button', { name: 'Save', exact: true })).toBeEnabled();
    await expect(dialog.getByRole('status').filter({ hasText: 'mine.gif' })).toHaveCount(0);
    expect(Buffer.from((await picked(page, 'mine.gif')) ?? '', 'base64').toString()).toBe('older');
  });
});
