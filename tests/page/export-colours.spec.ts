/** Colours of every lossy format: saturated patches and slow gradients, decoded by other programs. */
import type { Locator, Page } from '@playwright/test';
import type { Picture } from '../../src/base/index.ts';
import { downloaded, open, pageWithoutModel } from './driving.ts';
import { importFrames, openDialog, save } from './export-dialog.ts';
import { expect, test } from './fixtures.ts';
import { needsReaders, readBack, webpFrames, webpOf } from './media/programs.ts';

const colours = {
  red: [255, 0, 0],
  green: [0, 255, 0],
  blue: [0, 0, 255],
  cyan: [0, 255, 255],
  magenta: [255, 0, 255],
  yellow: [255, 255, 0],
  white: [255, 255, 255],
  black: [0, 0, 0],
} as const;
const names = Object.keys(colours);

const patch = 48;
const [width, height, count] = [4 * patch, 4 * patch, 3];

/** First and last colour of gradients over the whole width: at most a level every two pixels. */
const gradients = [
  { name: 'grey', from: [90, 90, 90], to: [150, 150, 150] },
  { name: 'sky', from: [60, 110, 190], to: [130, 170, 210] },
  { name: 'dark', from: [4, 6, 10], to: [40, 30, 60] },
  { name: 'skin', from: [190, 130, 100], to: [240, 190, 160] },
] as const;
const band = (2 * patch) / gradients.length;

/** Frame `index`: two rows of four patches, which change places with `index`, above the gradients, which do not move. */
function chart(index: number): Picture {
  const data = new Uint8ClampedArray(4 * width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const cell = 4 * Math.floor(y / patch) + Math.floor(x / patch);
      const colour = y < 2 * patch ? patchColour(cell, index) : gradientColour(x, y);
      data.set([...colour, 255], 4 * (y * width + x));
    }
  }
  return { width, height, data };
}

function patchColour(cell: number, index: number): readonly number[] {
  return Object.values(colours)[(cell + index) % names.length] ?? [];
}

function gradientColour(x: number, y: number): readonly number[] {
  const gradient = gradients[Math.floor((y - 2 * patch) / band)];
  return (gradient?.from ?? []).map((from, channel) =>
    Math.round(from + (((gradient?.to[channel] ?? NaN) - from) * x) / (width - 1)),
  );
}

/** Mean colour of a rectangle of a frame. */
function meanColour(frame: Uint8Array, left: number, top: number, across: number, down: number): number[] {
  const sums = [0, 0, 0];
  for (let y = top; y < top + down; y++) {
    for (let x = left; x < left + across; x++) {
      for (let channel = 0; channel < 3; channel++) {
        sums[channel] = (sums[channel] ?? NaN) + (frame[3 * (y * width + x) + channel] ?? NaN);
      }
    }
  }
  return sums.map((sum) => sum / (across * down));
}

const largestOf = (a: readonly number[], b: readonly number[]) =>
  Math.max(...a.map((value, i) => Math.abs(value - (b[i] ?? NaN))));

/** Width of the columns over which gradients are averaged, in pixels: what the eye takes together of dithering. */
const column = 8;
/** Pixels at the edges of patches and gradients that are left out: videos have half the resolution in colour. */
const edge = 8;

/** Largest differences of the patches and the gradients of decoded frames to their sources, in 8-bit levels. */
function differencesOf(frames: readonly Buffer[]): { patches: number; gradients: number } {
  const found = { patches: 0, gradients: 0 };
  frames.forEach((frame, index) => {
    const source = Uint8Array.from(chart(index).data.filter((_, at) => at % 4 < 3));
    names.forEach((_, cell) => {
      const [left, top] = [(cell % 4) * patch + edge, Math.floor(cell / 4) * patch + edge];
      for (let y = top; y < top + patch - 2 * edge; y++) {
        for (let x = left; x < left + patch - 2 * edge; x++) {
          const at = 3 * (y * width + x);
          const shown = [...frame.subarray(at, at + 3)];
          found.patches = Math.max(found.patches, largestOf(shown, patchColour(cell, index)));
        }
      }
    });
    gradients.forEach((_, row) => {
      for (let left = 0; left < width; left += column) {
        const area = [left, 2 * patch + row * band + edge / 2, column, band - edge] as const;
        const difference = largestOf(meanColour(frame, ...area), meanColour(source, ...area));
        found.gradients = Math.max(found.gradients, difference);
      }
    });
  });
  return found;
}

/**
 * Largest differences that are allowed, in 8-bit levels: of any pixel of the patches, and of the mean of any column of the
 * gradients.
 */
interface Bounds {
  readonly patches: number;
  readonly gradients: number;
}

/**
 * The palette must have the patches' colours themselves. Dithering keeps the mean of a column within a level and a half;
 * without dithering, colours of the palette are that close to these gradients.
 */
const gifBounds: Bounds = { patches: 0, gradients: 1.5 };
/**
 * Limited-range YCbCr has 220 levels of luma, and the three rounded components of a saturated colour are worth up to 2
 * levels of RGB; quantisation of flat areas does the rest. A wrong matrix or range would be 10 levels and more.
 */
const videoBounds: Bounds = { patches: 5, gradients: 5 };
/** The same rounding (WebP has BT.601 in limited range), at a quality of 0.9. */
const webpBounds: Bounds = { patches: 5, gradients: 3 };

function expectColours(what: string, frames: readonly Buffer[], bounds: Bounds): void {
  expect(frames, what).toHaveLength(count);
  const found = differencesOf(frames);
  expect(found.patches, `${what}: saturated patches`).toBeLessThanOrEqual(bounds.patches);
  expect(found.gradients, `${what}: gradients`).toBeLessThanOrEqual(bounds.gradients);
}

const charts = Array.from({ length: count }, (_, index) => chart(index));

/** Saves as a format, with choices of its drop-downs. */
async function saveAs(
  page: Page,
  dialog: Locator,
  format: string,
  choices: Readonly<Record<string, string>>,
) {
  await dialog.getByRole('radio', { name: format, exact: true }).check();
  for (const [label, value] of Object.entries(choices)) {
    await dialog.getByLabel(label, { exact: true }).selectOption(value);
  }
  return (await save(page, dialog, format)).bytes;
}

test.describe('colours of exported files', { tag: '@cpu' }, () => {
  test('are those of the frames', async ({ page }) => {
    needsReaders();
    await open(page, pageWithoutModel());
    await importFrames(page, charts);
    const gif = await readBack(await downloaded(page, 'Download GIF'), 'gif');
    expectColours('quick GIF', gif.frames, gifBounds);
    const mp4 = await readBack(await downloaded(page, 'Download MP4'), 'mp4');
    expectColours('quick MP4', mp4.frames, videoBounds);
    const dialog = await openDialog(page);
    for (const { format, choices, bounds } of [
      { format: 'GIF', choices: { Dither: 'none' }, bounds: gifBounds },
      { format: 'GIF', choices: { Dither: 'ordered' }, bounds: gifBounds },
      { format: 'GIF, best', choices: {}, bounds: gifBounds },
      { format: 'GIF, best', choices: { Palette: 'per-frame' }, bounds: gifBounds },
      { format: 'MP4', choices: { Encoder: 'browser' }, bounds: videoBounds },
      { format: 'MP4', choices: { Encoder: 'x264' }, bounds: videoBounds },
      { format: 'WebM', choices: { Codec: 'vp9' }, bounds: videoBounds },
      { format: 'WebM', choices: { Codec: 'av1' }, bounds: videoBounds },
    ] as const) {
      const bytes = await saveAs(page, dialog, format, choices);
      const [extension = ''] = format.toLowerCase().split(',');
      const { frames, warnings } = await readBack(bytes, extension);
      const what = `${format} ${Object.values(choices).join(' ')}`;
      expect(warnings, what).toBe('');
      expectColours(what, frames, bounds);
    }
    const webp = await save(page, dialog, 'WebP');
    expectColours('WebP', await webpFrames(webp.bytes, count), webpBounds);
  });

  test('are kept in WebP by a browser like Safari: no encoder for it, no save picker', async ({ page }) => {
    needsReaders();
    await page.addInitScript(() => {
      Reflect.deleteProperty(window, 'showSaveFilePicker');
    });
    // What Safari does with types that it cannot encode.
    await page.route('**/assets/media-*.js', async (route) => {
      const response = await route.fetch();
      const withoutWebp = `const convertToBlob = OffscreenCanvas.prototype.convertToBlob;
        OffscreenCanvas.prototype.convertToBlob = function (options) {
          return convertToBlob.call(this, options?.type === 'image/webp' ? { ...options, type: 'image/png' } : options);
        };`;
      await route.fulfill({ response, body: `${await response.text()}\n${withoutWebp}` });
    });
    await open(page, pageWithoutModel());
    await importFrames(page, charts);
    const dialog = await openDialog(page);
    await dialog.getByRole('radio', { name: 'WebP', exact: true }).check();
    await expect(dialog.getByText('downloads ffmpeg first (32 MB, once)')).toBeVisible();
    await expect(dialog.getByRole('button', { name: 'Choose where…' })).toHaveCount(0);
    const { bytes, name } = await save(page, dialog, 'WebP');
    expect(name).toMatch(/^drift-.*\.webp$/);
    const { info } = await webpOf(bytes);
    expect(info).toContain(`Canvas size ${width} x ${height}`);
    expect(info).toContain(`Number of frames: ${count}`);
    expect(info).toContain('Loop Count : 0');
    expect(info).toContain('No error detected');
    expect(info).not.toMatch(/warning/i);
    expectColours('WebP by ffmpeg', await webpFrames(bytes, count), webpBounds);
  });
});
