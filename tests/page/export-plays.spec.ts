import type { Page } from '@playwright/test';
import { exported, openExport, save } from './export-dialog.ts';
import { expect, test } from './fixtures.ts';
import { metadataOf, needsReaders, readBack, webpOf } from './media/programs.ts';

/** How many times Chromium plays a file, as its decoder says; Infinity for ever. */
function playsInBrowser(page: Page, bytes: Buffer, type: string): Promise<number> {
  return page.evaluate(
    async ([base64, mimeType]) => {
      const data = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
      const decoder = new ImageDecoder({ data, type: mimeType });
      await decoder.tracks.ready;
      // Repetitions are counted after the first time.
      const repeats = decoder.tracks.selectedTrack?.repetitionCount ?? NaN;
      decoder.close();
      return repeats + 1;
    },
    [bytes.toString('base64'), type] as const,
  );
}

/** A format that says how many times it plays. */
interface Counting {
  readonly format: string;
  readonly extension: string;
  readonly type: string;
  /** What other programs say of a file that plays this often; 0 for ever. */
  readonly report: (bytes: Buffer) => Promise<string>;
  readonly counted: (plays: number) => RegExp;
}

const counting: readonly Counting[] = [
  {
    format: 'GIF',
    extension: 'gif',
    type: 'image/gif',
    report: (bytes) => metadataOf(bytes, 'gif'),
    // Repeats after the first time; no line where there is none.
    counted: (plays) =>
      plays === 1
        ? /^(?!.*^AnimationIterations)/ms
        : new RegExp(`^AnimationIterations +: ${plays === 0 ? 'Infinite' : plays - 1}$`, 'm'),
  },
  {
    format: 'APNG',
    extension: 'apng',
    type: 'image/png',
    report: (bytes) => metadataOf(bytes, 'png'),
    counted: (plays) => new RegExp(`^AnimationPlays +: ${plays === 0 ? 'inf' : plays}$`, 'm'),
  },
  {
    format: 'WebP',
    extension: 'webp',
    type: 'image/webp',
    // exiftool 12.57 reads one byte of the two.
    report: async (bytes) => (await webpOf(bytes)).info,
    counted: (plays) => new RegExp(`Loop Count : ${plays}$`, 'm'),
  },
];

test.describe('how often an exported file plays', { tag: '@cpu' }, () => {
  for (const { format, extension, type, report, counted } of counting) {
    test(`${format}: for ever, once, or as many times as wanted`, async ({ page }) => {
      needsReaders();
      const dialog = await openExport(page);
      await dialog.getByRole('radio', { name: format, exact: true }).check();
      const times = dialog.getByLabel('Times to play');
      const written = async (plays: number) => {
        const { bytes } = await save(page, dialog, format);
        expect(await playsInBrowser(page, bytes, type)).toBe(plays === 0 ? Infinity : plays);
        expect(await report(bytes)).toMatch(counted(plays));
        if (format === 'WebP') return;
        const seen = await readBack(bytes, extension);
        expect(seen.warnings).toBe('');
        expect(seen.frames).toHaveLength(exported.count);
      };
      await expect(times).toHaveCount(0);
      await written(0);
      await dialog.getByRole('switch', { name: 'Loop' }).click();
      await expect(times).toHaveValue('1');
      await written(1);
      for (const plays of [2, 300]) {
        await times.fill(String(plays));
        await expect(dialog.getByText(`0.6 s × ${plays}`)).toBeVisible();
        await written(plays);
      }
    });
  }

  test('is asked only where it counts, and an impossible number is not written', async ({ page }) => {
    const dialog = await openExport(page);
    await dialog.getByRole('switch', { name: 'Loop' }).click();
    await dialog.getByLabel('Times to play').fill('0');
    await expect(dialog.getByText('Use a whole number from 1 to 1000.')).toBeVisible();
    await expect(dialog.getByRole('button', { name: 'Save', exact: true })).toBeDisabled();
    for (const format of ['MP4', 'WebM', 'ZIP']) {
      await dialog.getByRole('radio', { name: format, exact: true }).check();
      await expect(dialog.getByLabel('Times to play')).toHaveCount(0);
      await expect(dialog.getByRole('button', { name: 'Save', exact: true })).toBeEnabled();
    }
  });

  test('there and back three times: the first frame is not shown twice in between', async ({ page }) => {
    needsReaders();
    const dialog = await openExport(page);
    await dialog.getByRole('switch', { name: 'There and back' }).click();
    await dialog.getByRole('switch', { name: 'Loop' }).click();
    await expect(dialog.getByText('11', { exact: true })).toBeVisible();
    await dialog.getByLabel('Times to play').fill('3');
    await expect(dialog.getByText('10', { exact: true })).toBeVisible();
    const { bytes } = await save(page, dialog, 'GIF');
    expect((await readBack(bytes, 'gif')).frames).toHaveLength(10);
  });
});
