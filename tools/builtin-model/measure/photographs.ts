import type { Picture } from '../../../src/base/index.ts';
import { readPhotographs } from './held-out.ts';
import { each, writeSheet } from './measure.ts';
import type { Bench, Measured } from './measure.ts';
import { fitSquare } from './pictures.ts';
import { dot } from './statistics.ts';

const framesEach = 5;

/** What becomes of photographs, which the model has never seen: a sheet with each and its first frames. */
export async function measurePhotographs(bench: Bench): Promise<Measured> {
  const { subject, data, limit } = bench;
  const photographs = (await readPhotographs(data)).slice(0, limit);
  if (photographs.length === 0) return { line: 'there are none', values: { photographs: [] } };
  const rows: Picture[][] = [];
  const values = await each(bench, photographs, async ({ name, picture }, seed) => {
    const start = fitSquare(picture, subject.settings.width);
    const first = await subject.embed(start);
    const row = [start];
    const toStart: number[] = [];
    for await (const frame of subject.frames(start, { seed, frames: framesEach })) {
      row.push(frame.picture);
      toStart.push(dot(first, await subject.embed(frame.picture)));
    }
    rows.push(row);
    return { name, toStart };
  });
  await writeSheet(bench, 'photographs', rows);
  return {
    line: `photographs.png shows ${photographs.length} with ${framesEach} frames each`,
    values: { photographs: values },
  };
}
