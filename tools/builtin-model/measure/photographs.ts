import * as v from 'valibot';
import type { Picture } from '../../../src/base/index.ts';
import { closerToOwn, labOfThirds, paletteDistance } from './lab.ts';
import type { Thirds } from './lab.ts';
import { atLeast, defineMeasure, percent, writeSheet } from './measure.ts';
import { fitPicture } from './pictures.ts';
import { dot, mean } from './statistics.ts';

/** Frames per photograph on the contact sheet. The palette is measured on the first. */
const framesEach = 5;
const wantedShare = 0.9;

/**
 * Automatic mode from photographs with the model's default settings: whether the first variant has the palette of its
 * photograph (mean Lab of the upper, middle and lower third), and a contact sheet of the first frames.
 */
export const photographs = defineMeasure({
  name: 'photographs',
  needs: ['photographs'],
  schema: v.object({
    closerToOwn: v.nullable(v.number()),
    photographs: v.array(
      v.object({
        name: v.string(),
        /** ΔE between photograph and first variant. */
        palette: v.number(),
        /** Cosine of each frame and the photograph. */
        toStart: v.array(v.number()),
      }),
    ),
  }),
  run: async (bench) => {
    const subject = await bench.subject();
    const files = (await bench.photographs()).slice(0, bench.limit);
    const { width, height } = subject.settings;
    const rows: Picture[][] = [];
    const found: { name: string; toStart: number[]; photograph: Thirds; variant: Thirds }[] = [];
    for (const [seed, { name, read }] of files.entries()) {
      const start = fitPicture(await read(), width, height);
      const own = await subject.embed(start);
      const row = [start];
      const toStart: number[] = [];
      for await (const { index, picture } of subject.frames(start, { seed, frames: framesEach })) {
        row.push(picture);
        toStart.push(dot(own, await subject.embed(picture)));
        bench.progress(seed * framesEach + index + 1, files.length * framesEach);
      }
      found.push({
        name,
        toStart,
        photograph: labOfThirds(start),
        variant: labOfThirds(row[1] ?? start),
      });
      rows.push(row);
      await writeSheet(bench, 'photographs', rows);
    }
    return {
      closerToOwn: closerToOwn(
        found.map(({ variant }) => variant),
        found.map(({ photograph }) => photograph),
      ),
      photographs: found.map(({ name, toStart, photograph, variant }) => ({
        name,
        palette: paletteDistance(photograph, variant),
        toStart,
      })),
    };
  },
  rows: ({ closerToOwn, photographs }) => [
    {
      label: "Photographs: the first variant's palette is closer to its own photograph's than to another's",
      result: `${closerToOwn === null ? '–' : percent(closerToOwn)} of pairs (${photographs.length} photographs; ΔE to its own ${mean(photographs.map(({ palette }) => palette)).toFixed(1)})`,
      ...(closerToOwn === null ? {} : { wanted: atLeast(wantedShare, closerToOwn) }),
    },
  ],
});
