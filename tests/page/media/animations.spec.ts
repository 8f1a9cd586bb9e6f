import { unzipSync } from 'fflate';
import { decode as decodePng } from 'fast-png';
import type { Page } from '@playwright/test';
import { makeFrame } from './frames.ts';
import type { EncodeRequest, WorkerKind } from './harness.ts';
import { readBack, needsReaders } from './programs.ts';
import type { ReadBack } from './programs.ts';
import { expect, test } from './rig.ts';

const small = { width: 160, height: 96, frames: 12, frameRate: 10 } as const;

function attempt(page: Page, request: EncodeRequest) {
  return page.evaluate((asked) => mediaHarness.encode(asked), request);
}

async function encode(page: Page, request: EncodeRequest) {
  const { value, failure } = await attempt(page, request);
  expect(failure).toBeNull();
  if (value === null) throw new Error('No file.');
  const { done, of } = value.progress.at(-1) ?? { done: 0, of: 0 };
  expect({ done, of }).toEqual({ done: request.frames, of: request.frames });
  return { ...value, bytes: Buffer.from(value.base64, 'base64') };
}

/** Mean absolute difference of two frames, in 8-bit levels. */
function meanDifference(rgb: Uint8Array, index: number, { width, height }: EncodeRequest): number {
  const { data } = makeFrame(index, width, height);
  let sum = 0;
  for (let i = 0; i < width * height; i++) {
    for (let channel = 0; channel < 3; channel++) {
      sum += Math.abs((rgb[3 * i + channel] ?? 0) - (data[4 * i + channel] ?? 0));
    }
  }
  return sum / (3 * width * height);
}

/** Checks the number of frames, their order, and their pixels. */
function expectFrames(seen: ReadBack, request: EncodeRequest, limit: number): void {
  const { width, height, frames } = request;
  expect(seen.warnings).toBe('');
  expect(seen.stream).toMatchObject({ width, height });
  expect(seen.frames).toHaveLength(frames);
  seen.frames.forEach((frame, i) => {
    const own = meanDifference(frame, i, request);
    expect(own, `frame ${i}`).toBeLessThan(limit);
    if (i > 0) expect(own).toBeLessThan(meanDifference(frame, i - 1, request) / 2);
  });
}

/** Checks that the only live worker is the media worker. */
async function expectNoWorkerLeft(page: Page): Promise<void> {
  await expect.poll(() => page.workers().length).toBe(1);
}

test.describe('GIF', { tag: '@cpu' }, () => {
  for (const frameRate of [10, 7, 24, 30]) {
    test(`at ${frameRate} frames per second`, async ({ page }) => {
      needsReaders();
      const request = { ...small, method: 'gif', frameRate } as const;
      const file = await encode(page, request);
      expect(file.type).toBe('image/gif');
      const seen = await readBack(file.bytes, 'gif');
      expectFrames(seen, request, 12);
      seen.times.forEach(({ pts_time }, i) => {
        expect(Math.abs(pts_time - i / frameRate), `start of frame ${i}`).toBeLessThan(0.0051);
      });
      const shown = seen.times.reduce((sum, { duration_time }) => sum + duration_time, 0);
      expect(Math.abs(shown - small.frames / frameRate)).toBeLessThan(0.0051);
      await expectNoWorkerLeft(page);
    });
  }

  test('loops forever or plays once', async ({ page }) => {
    const request = { ...small, method: 'gif', frames: 2 } as const;
    const loop = 'NETSCAPE2.0\x03\x01\0\0\0';
    const repeating = await encode(page, { ...request, loop: true });
    expect(repeating.bytes.includes(Buffer.from(loop, 'latin1'))).toBe(true);
    const once = await encode(page, { ...request, loop: false });
    expect(once.bytes.includes('NETSCAPE')).toBe(false);
    expect(once.bytes.at(-1), 'trailer byte').toBe(0x3b);
  });

  test('of one frame', async ({ page }) => {
    needsReaders();
    const request = { ...small, method: 'gif', frames: 1 } as const;
    expectFrames(await readBack((await encode(page, request)).bytes, 'gif'), request, 12);
  });
});

const encoders: readonly (readonly [WorkerKind, string])[] = [
  ['plain', 'webcodecs'],
  ['without-webcodecs', 'ffmpeg'],
  ['with-broken-webcodecs', 'ffmpeg'],
];

for (const [workerKind, encoder] of encoders) {
  test.describe(`MP4, browser ${workerKind}`, { tag: '@cpu' }, () => {
    needsReaders();
    test.use({ workerKind });

    for (const frameRate of workerKind === 'with-broken-webcodecs' ? [10] : [10, 12.5, 29.97, 60]) {
      test(`at ${frameRate} frames per second`, async ({ page }) => {
        const request = { ...small, method: 'mp4', frameRate } as const;
        const file = await encode(page, request);
        expect(file).toMatchObject({ type: 'video/mp4', encoder });
        const seen = await readBack(file.bytes, 'mp4');
        expectFrames(seen, request, 4);
        expect(seen.stream).toMatchObject({
          codec_name: 'h264',
          pix_fmt: 'yuv420p',
          color_range: 'tv',
          color_space: 'bt709',
        });
        expect(seen.frameRate).toBeCloseTo(frameRate, 2);
        expect(seen.duration).toBeCloseTo(small.frames / frameRate, 2);
        seen.times.forEach(({ pts_time }, i) => {
          expect(Math.abs(pts_time - i / frameRate), `time of frame ${i}`).toBeLessThan(0.001);
        });
        expect(file.bytes.indexOf('moov'), 'moov before mdat').toBeLessThan(file.bytes.indexOf('mdat'));
        await expectNoWorkerLeft(page);
      });
    }
  });
}

test.describe('ZIP', { tag: '@cpu' }, () => {
  test('contains every frame bit for bit', async ({ page }) => {
    const request = { ...small, method: 'zip', frames: 3 } as const;
    const file = await encode(page, request);
    expect(file.type).toBe('application/zip');
    const entries = unzipSync(file.bytes);
    expect(Object.keys(entries)).toEqual(['frames/0000000.png', 'frames/0000001.png', 'frames/0000002.png']);
    Object.values(entries).forEach((entry, i) => {
      const { data, channels, width, height } = decodePng(entry);
      const wanted = makeFrame(i, small.width, small.height);
      expect({ width, height }).toEqual({ width: small.width, height: small.height });
      const pixels = wanted.data.filter((_, at) => at % 4 < channels);
      expect(Buffer.from(data).equals(Buffer.from(pixels))).toBe(true);
    });
  });

  test('accepts frames of two sizes', async ({ page }) => {
    const file = await encode(page, { ...small, method: 'zip', frames: 2, mixed: true });
    const sizes = Object.values(unzipSync(file.bytes)).map((entry) => decodePng(entry).width);
    expect(sizes).toEqual([small.width, 2 * small.width]);
  });

  test('is byte-identical when written again', async ({ page }) => {
    const request = { ...small, method: 'zip', frames: 2 } as const;
    const first = await encode(page, request);
    expect((await encode(page, request)).base64).toBe(first.base64);
  });
});

test.describe('aborting', { tag: '@cpu' }, () => {
  const ways: readonly (readonly [WorkerKind, EncodeRequest['method']])[] = [
    ['plain', 'gif'],
    ['plain', 'mp4'],
    ['without-webcodecs', 'mp4'],
    ['plain', 'zip'],
  ];
  for (const [workerKind, method] of ways) {
    test.describe(`${method}, browser ${workerKind}`, () => {
      test.use({ workerKind });
      for (const stopAt of [0, 1, 3]) {
        // ffmpeg reports progress less often than once per frame.
        if (stopAt === 3 && workerKind === 'without-webcodecs') continue;
        test(`${stopAt === 0 ? 'at once' : `at report ${stopAt}`}, then again in full`, async ({ page }) => {
          const request = { ...small, method } as const;
          const { value, failure } = await attempt(page, { ...request, frames: 60, stopAt });
          expect(value).toBeNull();
          expect(failure?.name).toBe('AbortError');
          await expectNoWorkerLeft(page);
          await encode(page, request);
          await expectNoWorkerLeft(page);
        });
      }
    });
  }

  test.describe('while ffmpeg reads the frames', () => {
    test.use({ workerKind: 'without-webcodecs' });

    test('leaves no temporary file', async ({ page }) => {
      // The first reports are of the frames, which are stored before ffmpeg starts.
      const frames = 60;
      const size = { width: 640, height: 384 };
      // Tests before this one share its storage, and finished files of theirs may still be kept.
      const others = new Set(await page.evaluate(() => mediaHarness.temporaryFiles()));
      const left = async () =>
        (await page.evaluate(() => mediaHarness.temporaryFiles())).filter((name) => !others.has(name));
      const { failure } = await attempt(page, {
        ...small,
        ...size,
        method: 'mp4',
        frames,
        stopAt: frames + 1,
      });
      expect(failure?.name).toBe('AbortError');
      await expect.poll(left).toEqual([]);
    });
  });

  test('a waiting job does not disturb the running one, and a failed job does not block the next', async ({
    page,
  }) => {
    const outcomes = await page.evaluate(
      (request) =>
        Promise.all([
          mediaHarness.encode({ ...request, method: 'gif' }),
          mediaHarness.encode({ ...request, method: 'mp4', stopAt: 0 }),
          mediaHarness.encode({ ...request, method: 'mp4', damaged: true }),
          mediaHarness.encode({ ...request, method: 'mp4' }),
        ]),
      small,
    );
    expect(outcomes.map(({ value, failure }) => value?.type ?? failure?.name)).toEqual([
      'image/gif',
      'AbortError',
      'ProjectError',
      'video/mp4',
    ]);
  });
});

for (const method of ['gif', 'mp4'] as const) {
  test(`${method} of frames of two sizes fits them to the first`, { tag: '@cpu' }, async ({ page }) => {
    needsReaders();
    const request = { ...small, method, mixed: true } as const;
    const seen = await readBack((await encode(page, request)).bytes, method);
    expect(seen.warnings).toBe('');
    expect(seen.stream).toMatchObject({ width: small.width, height: small.height });
    expect(seen.frames).toHaveLength(small.frames);
    // The last frame is twice as wide, so it is shown with bars.
    const last = seen.frames.at(-1) ?? new Uint8Array();
    const row = (y: number) => last.subarray(3 * small.width * y, 3 * small.width * (y + 1));
    for (const y of [0, small.height - 1]) expect(Math.max(...row(y)), `row ${y}`).toBeLessThan(16);
    expect(Math.max(...row(small.height / 2))).toBeGreaterThan(64);
  });
}

test.describe('encoding errors', { tag: '@cpu' }, () => {
  test.describe('MP4 without WebCodecs', () => {
    test.use({ workerKind: 'without-webcodecs' });
    for (const [what, file] of [
      ['worker', '**/assets/ffmpeg-worker-*.js'],
      ['program', '**/ffmpeg-core*.js'],
      ['WebAssembly', '**/ffmpeg-core*.wasm'],
    ] as const) {
      test(`fails when ffmpeg's ${what} cannot be loaded, and succeeds once it can`, async ({ page }) => {
        await page.route(file, (route) => route.abort());
        const { failure } = await attempt(page, { ...small, method: 'mp4' });
        expect(failure).toMatchObject({ name: 'MediaError', code: 'encoder-unavailable' });
        expect(failure?.remedy).toContain('GIF');
        await expectNoWorkerLeft(page);
        await page.unrouteAll();
        await encode(page, { ...small, method: 'mp4' });
      });
    }
  });
});
