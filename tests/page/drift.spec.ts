import {
  chooseStart,
  downloaded,
  finished,
  frameSide,
  frames,
  generate,
  open,
  psnr,
  set,
  startPicture,
  stripPixels,
} from './driving.ts';
import { expect, test } from './fixtures.ts';
import { readBack, needsReaders } from './media/programs.ts';

/** The main path, end to end, on each machine: start picture, run, export. */
test('a picture becomes an animation, and the downloads contain the frames of the strip', async ({
  page,
  machine,
}) => {
  await open(page);
  await chooseStart(page, startPicture);
  // On a software GPU without float16, a step takes seconds.
  await set(page, { Frames: 3, Steps: machine === 'float32' ? 1 : 4, Seed: 7, 'Frame rate': 5 });
  await generate(page);
  await finished(page, 3);
  await expect(frames(page)).toHaveCount(3);
  const noGpu = page.getByText(/No GPU was found/);
  if (machine === 'cpu') await expect(noGpu).toBeVisible();
  else await expect(noGpu).toBeHidden();

  const shown = await stripPixels(page);
  expect(psnr(at(shown, 0), at(shown, 1)), 'frames differ from each other').toBeLessThan(25);

  needsReaders();
  // Minimum PSNR for frames that are nearly noise, which compress worst. GIF: the best palette of 256 colours for the
  // 16,384 pixels reaches 30 dB, less with dithering. MP4: chroma subsampling (4:2:0) alone limits it to 27 dB. A
  // neighbouring frame would reach at most 17 dB.
  for (const [kind, decibels] of [
    ['GIF', 26],
    ['MP4', 25],
  ] as const) {
    const seen = await readBack(await downloaded(page, `Download ${kind}`), kind.toLowerCase());
    expect(seen.warnings).toBe('');
    expect([seen.stream.width, seen.stream.height, seen.frames.length]).toEqual([frameSide, frameSide, 3]);
    expect(seen.frameRate).toBeCloseTo(5, 2);
    for (const [index, decoded] of seen.frames.entries()) {
      expect(psnr(decoded, at(shown, index)), `${kind}, frame ${index + 1}`).toBeGreaterThan(decibels);
    }
  }
});

function at<T>(list: readonly T[], index: number): T {
  const item = list[index];
  if (item === undefined) throw new RangeError(`there is no item ${index} of ${list.length}`);
  return item;
}
