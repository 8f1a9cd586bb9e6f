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
import { look, needsReaders } from './media/programs.ts';

/** The way of every visitor, from end to end, in a real browser, on each kind of machine. */
test('a picture becomes an animation, and the downloads contain the frames of the strip', async ({
  page,
  machine,
}) => {
  await open(page);
  await chooseStart(page, startPicture);
  // Where the GPU is software without float16, a step takes seconds.
  await set(page, { Frames: 3, Steps: machine === 'float32' ? 2 : 4, Seed: 7, 'Frame rate': 5 });
  await generate(page);
  await finished(page, 3);
  await expect(frames(page)).toHaveCount(3);
  const noGpu = page.getByText(/No GPU was found/);
  if (machine === 'cpu') await expect(noGpu).toBeVisible();
  else await expect(noGpu).toBeHidden();

  const shown = await stripPixels(page);
  expect(psnr(at(shown, 0), at(shown, 1)), 'frames differ from each other').toBeLessThan(25);

  needsReaders();
  // What the formats can do with frames that are nearly noise, the hardest there are. A GIF has 256 colours for the
  // 16,384 pixels of a frame: the best palette comes to 30 dB, and dithering costs some of them. Video keeps a quarter of
  // the colour, which alone comes to 27. The frame before or after comes to 17 at most.
  for (const [kind, decibels] of [
    ['GIF', 26],
    ['MP4', 25],
  ] as const) {
    const seen = await look(await downloaded(page, `Download ${kind}`), kind.toLowerCase());
    expect(seen.complaints).toBe('');
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
