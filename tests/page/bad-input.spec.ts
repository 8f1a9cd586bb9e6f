import { crc32, deflateSync } from 'node:zlib';
import type { Page } from '@playwright/test';
import {
  button,
  chooseStart,
  field,
  finished,
  frame,
  frameSide,
  frames,
  generate,
  modelIsReady,
  open,
  prepare,
  set,
  showMoreSettings,
  stripPixels,
} from './driving.ts';
import { expect, test } from './fixtures.ts';

/** A PNG chunk: length, type, data and CRC. */
function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}

/** A valid PNG with one bit per pixel, all black: a small file even for a huge picture. */
function blackPng(width: number, height: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.writeUInt8(1, 8);
  const rows = Buffer.alloc(height * (1 + Math.ceil(width / 8)));
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** The only notice on the page. */
function message(page: Page) {
  return page.getByRole('alert');
}

test.describe('invalid input is reported and changes nothing', { tag: '@cpu' }, () => {
  test('files that are not a start picture', async ({ page }) => {
    await prepare(page, { Frames: 1, Steps: 2 });
    await generate(page);
    await finished(page, 1);
    const before = await stripPixels(page);

    const files: readonly (readonly [string, string, Buffer, RegExp, RegExp])[] = [
      ['a text', 'holiday.png', Buffer.from('Dear diary, …'), /is not a picture/, /Choose a JPEG, PNG/],
      ['nothing', 'empty.png', Buffer.alloc(0), /is empty/, /./],
      ['one pixel', 'dot.png', blackPng(1, 1), /too small .*: it is 1 × 1 pixels/, /at least 8/],
      ['400 megapixels', 'wall.png', blackPng(20_000, 20_000), /too large.*20,?000 × 20,?000/, /smaller/],
    ];
    for (const [what, name, buffer, wrong, remedy] of files) {
      await test.step(what, async () => {
        await page.getByLabel('Start image').setInputFiles({ name, mimeType: 'image/png', buffer });
        await expect(message(page)).toHaveText(wrong);
        await expect(message(page)).toHaveText(remedy);
        await expect(message(page)).toContainText('The picture that was there before is still in place.');
        await expect(page.getByRole('img', { name: 'Start', exact: true })).toBeVisible();
        await expect(page.getByText('start.png')).toBeVisible();
        await expect(frames(page)).toHaveCount(1);
        await message(page).getByRole('button', { name: 'Dismiss' }).click();
        await expect(message(page)).toHaveCount(0);
      });
    }

    await generate(page);
    await finished(page, 2);
    const [first] = await stripPixels(page);
    expect(first && before[0]?.equals(first), 'the earlier frame is unchanged').toBe(true);
  });

  test('an invalid width', async ({ page }) => {
    await prepare(page, { Frames: 1, Steps: 2 });
    await set(page, { Width: 500 });
    const wrong = page.getByText('Width must be a multiple of 8.');
    await expect(wrong).toBeVisible();
    await expect(field(page, 'Width')).toHaveAccessibleDescription(
      /multiple of 8\..*Width must be a multiple of 8\./,
    );
    await expect(button(page, 'Use 496')).toBeVisible();
    await expect(button(page, 'Use 504')).toBeVisible();
    await field(page, 'Frames').focus();
    await button(page, 'Generate').click();
    await expect(field(page, 'Width')).toBeFocused();
    await expect(frames(page)).toHaveCount(0);
    await button(page, 'Use 496').click();
    await expect(wrong).toHaveCount(0);
    await expect(field(page, 'Width')).toHaveValue('496');

    await set(page, { Width: frameSide });
    await generate(page);
    await finished(page, 1);
    await set(page, { Width: frameSide + 8 });
    await button(page, 'Generate').click();
    const oneSize = page.getByText(/All frames of an animation have one size: so far \d+ × \d+\./);
    await expect(oneSize).toBeVisible();
    await expect(frames(page)).toHaveCount(1);
    await button(page, `Use ${frameSide}`).click();
    await generate(page);
    await finished(page, 2);

    await set(page, { Width: frameSide + 8 });
    await button(page, 'Generate').click();
    await expect(oneSize).toBeVisible();
    await button(page, 'Start over').click();
    await expect(oneSize, 'any size is valid without frames').toHaveCount(0);
  });

  test('numbers that are not allowed', async ({ page }) => {
    await open(page);
    await chooseStart(page);
    // Until then the fields are empty, and emptying one changes nothing.
    await modelIsReady(page);
    await showMoreSettings(page);
    for (const [name, text, wrong, offered] of [
      ['Frames', '0', 'Frames goes from 1 to 10,000.', 'Use 1'],
      ['Steps', '', 'Steps must be a number.', null],
      ['Seed', '1.5', 'Seed must be a whole number.', 'Use 2'],
      ['Height', '4096', 'Height goes from 64 to 2,048.', 'Use 2048'],
    ] as const) {
      await test.step(`${name} “${text}”`, async () => {
        const allowed = await field(page, name).inputValue();
        await field(page, name).fill(text);
        await field(page, name).blur();
        await expect(page.getByText(wrong)).toBeVisible();
        await expect(field(page, name)).toHaveAttribute('aria-invalid', 'true');
        await button(page, 'Generate').click();
        await expect(field(page, name)).toBeFocused();
        await expect(button(page, 'Stop')).toBeDisabled();
        if (offered === null) await field(page, name).fill(allowed);
        else await button(page, offered).click();
        await expect(page.getByText(wrong)).toHaveCount(0);
      });
    }
  });

  test('Generate without a picture', async ({ page }) => {
    await open(page);
    await button(page, 'Generate').click();
    await expect(message(page)).toContainText('There is no picture to start from yet.');
    await chooseStart(page);
    await set(page, { Frames: 1, Steps: 1 });
    await message(page).getByRole('button', { name: 'Dismiss' }).click();
    await generate(page);
    await expect(frame(page, 1)).toBeVisible();
  });
});
