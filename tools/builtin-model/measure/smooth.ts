import * as v from 'valibot';
import { pixelRms } from '../../../src/base/index.ts';
import type { Picture } from '../../../src/base/index.ts';
import { drawFamilies } from './collection.ts';
import { defineMeasure, writeSheet } from './measure.ts';
import { quantile, uniform } from './statistics.ts';

const starts = 3;
const intermediate = 8;
/** Maximum ratio of the largest difference between neighbouring frames to the median. */
const wantedRatio = 3;

const jumpsSchema = v.object({ median: v.number(), largest: v.number(), ratio: v.number() });

/**
 * Whether smooth mode has no jumps at the model's default settings: ratio of the largest to the median RMS difference
 * of neighbouring frames.
 */
export const smooth = defineMeasure({
  name: 'smooth',
  needs: ['data'],
  schema: v.object({
    segments: v.number(),
    runs: v.array(v.object({ scene: v.number(), ...jumpsSchema.entries })),
  }),
  run: async (bench) => {
    const { segments } = bench;
    const subject = await bench.subject();
    const scenes = drawFamilies(await bench.collection(), Math.min(starts, bench.limit), uniform(6));
    const sheet: Picture[][] = [];
    const frames = 1 + segments * intermediate;
    const runs = [];
    for (const [seed, scene] of scenes.entries()) {
      const pictures: Picture[] = [];
      const settings = { seed, frames: segments, intermediate, closeLoop: false };
      for await (const { picture } of subject.smooth(await scene.read(0), settings)) {
        pictures.push(picture);
        bench.progress(seed * frames + pictures.length, scenes.length * frames);
      }
      runs.push({ scene: scene.index, ...jumps(pictures) });
      // One row per segment, starting with its first frame.
      for (let segment = 0; segment < segments; segment++) {
        sheet.push(pictures.slice(segment * intermediate, (segment + 1) * intermediate + 1));
      }
      await writeSheet(bench, 'smooth', sheet);
    }
    return { segments, runs };
  },
  rows: ({ segments, runs }) => {
    const worst = Math.max(...runs.map(({ ratio }) => ratio));
    const each = runs.map(
      ({ largest, median, ratio }) =>
        `${ratio.toFixed(2)} times (${largest.toFixed(1)} to ${median.toFixed(1)} of 255)`,
    );
    return [
      {
        label: `Smooth, ${segments} segments of ${intermediate} frames: largest RMS between neighbours, to the median`,
        result: each.join('; '),
        wanted: { limit: `at most ${wantedRatio} times`, met: worst <= wantedRatio },
      },
    ];
  },
});

/**
 * RMS differences of neighbouring pictures, 0…255: the median, the largest, and their ratio, which is 1 if the pictures
 * do not change.
 *
 * @param pictures - at least two
 */
export function jumps(pictures: readonly Picture[]): v.InferOutput<typeof jumpsSchema> {
  const differences = pictures
    .slice(1)
    .map((picture, before) => pixelRms(picture, pictures[before] ?? picture));
  if (differences.length === 0) throw new RangeError('a jump is between two pictures');
  const [median, largest] = [quantile(differences, 0.5), Math.max(...differences)];
  // JSON has no Infinity, and the median may be zero.
  const ratio = largest === median ? 1 : Math.min(largest / median, Number.MAX_VALUE);
  return { median, largest, ratio };
}
