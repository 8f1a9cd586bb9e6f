import { readFile } from 'node:fs/promises';
import { encode } from 'fast-png';
import type { Page } from '@playwright/test';
import type { Fit } from '../../../src/protocol/index.ts';
import { expect, test } from './rig.ts';

type Colour = readonly [number, number, number];
const red: Colour = [220, 40, 30];
const green: Colour = [30, 180, 60];
const blue: Colour = [40, 60, 210];
const yellow: Colour = [240, 200, 40];
const white: Colour = [255, 255, 255];
const black: Colour = [0, 0, 0];

/** Tolerance in 8-bit levels: lossy formats change a flat colour by one to three. */
const lossy = 4;

async function fixture(name: string): Promise<Uint8Array> {
  return new Uint8Array(await readFile(new URL(`../../fixtures/pictures/${name}`, import.meta.url)));
}

/** PNG with the RGB or RGBA pixels that `paint` returns. */
function paintPng(
  width: number,
  height: number,
  paint: (x: number, y: number) => readonly number[],
): Uint8Array {
  const channels = paint(0, 0).length;
  const data = new Uint8Array(width * height * channels);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) data.set(paint(x, y), (y * width + x) * channels);
  }
  return encode({ width, height, data, channels });
}

/** Inserts an EXIF block with an orientation of 1 to 8 (EXIF 2.3, section 4.6.4) into a JPEG. */
function withOrientation(jpeg: Uint8Array, orientation: number): Uint8Array {
  const tiff = [
    0x4d,
    0x4d,
    0,
    42,
    0,
    0,
    0,
    8,
    0,
    1,
    0x01,
    0x12,
    0,
    3,
    0,
    0,
    0,
    1,
    0,
    orientation,
    0,
    0,
    0,
    0,
    0,
    0,
  ];
  const exif = [0x45, 0x78, 0x69, 0x66, 0, 0, ...tiff];
  const block = [0xff, 0xe1, 0, exif.length + 2, ...exif];
  return new Uint8Array([...jpeg.subarray(0, 2), ...block, ...jpeg.subarray(2)]);
}

interface Asked {
  readonly width?: number;
  readonly height?: number;
  readonly fit?: Fit;
  readonly type?: string;
}

function attempt(
  page: Page,
  file: Uint8Array,
  { width = 48, height = 32, fit = 'crop', type = '' }: Asked = {},
) {
  return page.evaluate(([base64, mime, w, h, how]) => mediaHarness.decode(base64, mime, w, h, how), [
    Buffer.from(file).toString('base64'),
    type,
    width,
    height,
    fit,
  ] as const);
}

async function decode(page: Page, file: Uint8Array, asked: Asked = {}) {
  const { value, failure } = await attempt(page, file, asked);
  expect(failure).toBeNull();
  if (value === null) throw new Error('No picture.');
  const data = Buffer.from(value.base64, 'base64');
  const { width, height } = value;
  expect({ width, height }).toEqual({ width: asked.width ?? 48, height: asked.height ?? 32 });
  expect(data.length).toBe(4 * width * height);
  return {
    data,
    at: (x: number, y: number) => [...data.subarray(4 * (y * width + x), 4 * (y * width + x) + 4)],
    /** Colours at the centres of the four quadrants, row by row. */
    quarters: () =>
      [
        [0.25, 0.25],
        [0.75, 0.25],
        [0.25, 0.75],
        [0.75, 0.75],
      ].map(([x = 0, y = 0]) => {
        const at = 4 * (Math.floor(y * height) * width + Math.floor(x * width));
        return [...data.subarray(at, at + 4)];
      }),
  };
}

function expectColour(found: readonly number[], wanted: Colour, tolerance: number): void {
  const off = Math.max(...wanted.map((value, i) => Math.abs(value - (found[i] ?? Infinity))));
  expect(off, `${found.join()} should be ${wanted.join()} to within ${tolerance}`).toBeLessThanOrEqual(
    tolerance,
  );
  expect(found[3], 'opaque').toBe(255);
}

function expectColours(found: readonly number[][], wanted: readonly Colour[], tolerance: number): void {
  expect(found).toHaveLength(wanted.length);
  wanted.forEach((colour, i) => {
    expectColour(found[i] ?? [], colour, tolerance);
  });
}

// With a normal canvas, and with one that returns noise, in which case pictures are decoded without a canvas.
for (const workerKind of ['plain', 'with-noisy-canvas'] as const) {
  test.describe(`browser ${workerKind}:`, { tag: '@cpu' }, () => {
    test.use({ workerKind });

    test.describe('every format', () => {
      for (const [name, tolerance] of [
        ['corners.png', 0],
        ['corners.bmp', 0],
        ['corners-lossless.webp', 0],
        ['animated.gif', 0],
        ['corners.jpg', lossy],
        ['corners-lossy.webp', lossy],
        ['corners.avif', lossy],
      ] as const) {
        test(`${name} is decoded with the right colours and orientation`, async ({ page }) => {
          const picture = await decode(page, await fixture(name));
          expectColours(picture.quarters(), [red, green, blue, yellow], tolerance);
        });
      }

      for (const [name, tolerance] of [
        ['corners-16-bit.png', 1],
        ['corners-cmyk.jpg', 8],
        ['corners-p3.png', 2],
        ['corners-p3.jpg', lossy],
      ] as const) {
        test(`${name} is converted to sRGB of 8 bits`, async ({ page }) => {
          const picture = await decode(page, await fixture(name));
          expectColours(picture.quarters(), [red, green, blue, yellow], tolerance);
        });
      }

      test('the MIME type is ignored', async ({ page }) => {
        for (const type of ['image/png', 'image/svg+xml', 'text/plain', 'application/octet-stream']) {
          const picture = await decode(page, await fixture('corners.jpg'), { type });
          expectColours(picture.quarters(), [red, green, blue, yellow], lossy);
        }
      });
    });

    test.describe('EXIF orientation', () => {
      const turned: readonly (readonly [Colour, Colour, Colour, Colour])[] = [
        [red, green, blue, yellow],
        [green, red, yellow, blue],
        [yellow, blue, green, red],
        [blue, yellow, red, green],
        [red, blue, green, yellow],
        [blue, red, yellow, green],
        [yellow, green, blue, red],
        [green, yellow, red, blue],
      ];
      turned.forEach((colours, i) => {
        const orientation = i + 1;
        test(`orientation ${orientation}`, async ({ page }) => {
          const sides = orientation < 5 ? { width: 48, height: 32 } : { width: 32, height: 48 };
          const picture = await decode(
            page,
            withOrientation(await fixture('corners.jpg'), orientation),
            sides,
          );
          expectColours(picture.quarters(), colours, lossy);
        });
      });
    });

    for (const [name, colours, tolerance] of [
      ['turned-6.png', [blue, red, yellow, green], 0],
      ['turned-6.webp', [blue, red, yellow, green], 0],
      ['turned-5.webp', [red, blue, green, yellow], lossy],
    ] as const) {
      test(`${name}: EXIF in PNG and WebP is applied`, async ({ page }) => {
        const picture = await decode(page, await fixture(name), { width: 32, height: 48 });
        expectColours(picture.quarters(), colours, tolerance);
      });
    }

    test.describe('transparency', () => {
      test('is composited on white, with partial alpha', async ({ page }) => {
        const halfGreen: Colour = [142, 217, 157];
        for (const [name, tolerance] of [
          ['alpha.png', 1],
          ['alpha-lossy.webp', lossy],
        ] as const) {
          const picture = await decode(page, await fixture(name));
          expectColours(picture.quarters(), [red, halfGreen, blue, white], tolerance);
        }
      });

      test('the colour of transparent pixels does not bleed when scaling', async ({ page }) => {
        const striped = paintPng(64, 64, (x) => (x % 2 === 0 ? [...red, 255] : [...green, 0]));
        const picture = await decode(page, striped, { width: 16, height: 16 });
        expectColour(picture.at(8, 8), [238, 148, 143], 2);
      });
    });

    test.describe('fit and scale', () => {
      const band = (along: number) => (along >= 24 && along < 40 ? white : black);
      const wide = paintPng(64, 16, (x) => band(x));
      const tall = paintPng(16, 64, (_, y) => band(y));

      test('crop keeps the centre', async ({ page }) => {
        for (const file of [wide, tall]) {
          const { data } = await decode(page, file, { width: 16, height: 16, fit: 'crop' });
          expect(data.every((value) => value === 255)).toBe(true);
        }
      });

      test('stretch keeps the whole picture', async ({ page }) => {
        const across = await decode(page, wide, { width: 16, height: 16, fit: 'stretch' });
        expectColours(
          [2, 8, 13].map((x) => across.at(x, 8)),
          [black, white, black],
          0,
        );
        const down = await decode(page, tall, { width: 16, height: 16, fit: 'stretch' });
        expectColours(
          [2, 8, 13].map((y) => down.at(8, y)),
          [black, white, black],
          0,
        );
      });

      test('a small picture is enlarged', async ({ page }) => {
        const picture = await decode(page, await fixture('corners.png'), { width: 512, height: 336 });
        expectColours(picture.quarters(), [red, green, blue, yellow], 0);
      });

      test('a picture of the requested size is copied bit for bit', async ({ page }) => {
        const file = paintPng(40, 24, (x, y) => [(x * 37 + y) % 256, (y * 91 + x * 3) % 256, (x * y) % 256]);
        const { at } = await decode(page, file, { width: 40, height: 24 });
        for (const [x, y] of [
          [0, 0],
          [39, 0],
          [17, 11],
          [39, 23],
        ] as const) {
          expect(at(x, y)).toEqual([(x * 37 + y) % 256, (y * 91 + x * 3) % 256, (x * y) % 256, 255]);
        }
      });
    });

    test.describe('a large picture', () => {
      for (const side of [1024, 1501, 2047]) {
        test(`of ${side} pixels a side: fine detail is averaged without aliasing`, async ({ page }) => {
          const data = new Uint8Array(side * side);
          for (let i = 0; i < data.length; i++) data[i] = (i + Math.floor(i / side)) % 2 === 0 ? 255 : 0;
          const checkered = encode({ width: side, height: side, data, channels: 1 });
          const picture = await decode(page, checkered, { width: 64, height: 64 });
          const colours = picture.data.filter((_, i) => i % 4 !== 3);
          expect(Math.min(...colours)).toBeGreaterThan(125);
          expect(Math.max(...colours)).toBeLessThan(130);
        });
      }
    });

    test.describe('invalid files', () => {
      const pngHeader = (width: number, height: number) => {
        const bytes = paintPng(8, 8, () => black).slice();
        const view = new DataView(bytes.buffer, bytes.byteOffset);
        view.setUint32(16, width);
        view.setUint32(20, height);
        return bytes;
      };
      const cut = (name: string) => async () => {
        const bytes = await fixture(name);
        return bytes.subarray(0, Math.floor(bytes.length * 0.75));
      };
      const text = (content: string) => new TextEncoder().encode(content);
      const cases: readonly (readonly [string, string, () => Uint8Array | Promise<Uint8Array>])[] = [
        ['an empty file', 'file-empty', () => new Uint8Array()],
        ['a text named .png', 'not-a-picture', () => text('Dear diary, this is no picture at all.')],
        ['an SVG', 'picture-unsupported', () => text('<svg xmlns="http://www.w3.org/2000/svg"/>')],
        ['20000 × 20000 pixels', 'picture-too-large', () => pngHeader(20_000, 20_000)],
        ['a single pixel', 'picture-too-small', () => paintPng(1, 1, () => black)],
        ['a header alone', 'picture-damaged', async () => (await fixture('corners.png')).subarray(0, 40)],
        ['half a header', 'picture-cut-off', async () => (await fixture('corners.avif')).subarray(0, 120)],
        ['a header with a wrong size', 'picture-damaged', () => pngHeader(800, 800)],
        ...['corners.jpg', 'corners.png', 'corners-lossy.webp', 'corners.avif', 'animated.gif'].map(
          (name) => [`three quarters of ${name}`, 'picture-damaged', cut(name)] as const,
        ),
      ];
      for (const [what, code, make] of cases) {
        test(`${what}: ${code}, and the next picture is decoded`, async ({ page }) => {
          const { value, failure } = await attempt(page, await make(), { type: 'image/png' });
          expect(value).toBeNull();
          expect(failure).toMatchObject({ name: 'InputError', code });
          expect(failure?.remedy).toMatch(/\w+.*\.$/);
          const next = await decode(page, await fixture('corners.png'));
          expectColours(next.quarters(), [red, green, blue, yellow], 0);
        });
      }
    });
  });
}

test.describe('a browser with a noisy canvas and no other decoder', { tag: '@cpu' }, () => {
  test.use({ workerKind: 'with-noise-alone' });

  test('reports it, still decodes PNG, and never returns the noise', async ({ page }) => {
    const { value, failure } = await attempt(page, await fixture('corners.jpg'));
    expect(value).toBeNull();
    expect(failure).toMatchObject({ name: 'InputError', code: 'canvas-inexact' });
    expect(failure?.remedy).toContain('Allow this page to read canvas data');
    const picture = await decode(page, await fixture('alpha.png'));
    expectColours(picture.quarters(), [red, [142, 217, 157], blue, white], 1);
  });
});
