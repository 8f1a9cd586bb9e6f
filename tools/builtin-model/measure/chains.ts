import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Picture } from '../../../src/base/index.ts';
import type { Settings } from '../../../src/project/index.ts';
import { drawConcepts } from './held-out.ts';
import type { HeldOutPicture } from './held-out.ts';
import { writeSheet } from './measure.ts';
import type { Bench, Measured } from './measure.ts';
import { dot, mean, uniform } from './statistics.ts';

const mostPictures = 10;
/** Every so many frames, one is shown on the sheet. */
const shownEvery = 6;

interface Chain {
  readonly name: string;
  /** Cosines of each frame's embedding with the start's and with its predecessor's. */
  readonly toStart: readonly number[];
  readonly toPredecessor: readonly number[];
}

/**
 * Long animations from held-out pictures, with the model's own settings and without guidance: a sheet of each, one row
 * a start picture, and how alike frames stay.
 */
export async function measureChains(bench: Bench): Promise<Measured> {
  const starts = drawConcepts(bench.pictures, Math.min(mostPictures, bench.limit), uniform(5));
  const guided = await chains(bench, 'chains-guided', starts, {});
  const free = await chains(bench, 'chains-unguided', starts, { repeats: 0 });
  await writeFile(join(bench.out, 'chains.json'), JSON.stringify({ guided, free }, null, 1));
  const values = { frames: bench.frames, guided: summary(guided), unguided: summary(free) };
  const words = ({ toStart, toPredecessor }: ReturnType<typeof summary>) =>
    `last frame to start ${toStart.toFixed(3)}, frame to frame ${toPredecessor.toFixed(3)}`;
  return {
    line: `${starts.length} chains of ${bench.frames} frames, cosines: guided: ${words(values.guided)}; unguided: ${words(values.unguided)}`,
    values,
  };
}

async function chains(
  bench: Bench,
  sheet: string,
  starts: readonly HeldOutPicture[],
  changes: Partial<Settings>,
): Promise<Chain[]> {
  const { subject, frames } = bench;
  const made: Chain[] = [];
  const rows: Picture[][] = [];
  for (const [seed, entry] of starts.entries()) {
    const start = await entry.read();
    const row = [start];
    const first = await subject.embed(start);
    let previous = first;
    const [toStart, toPredecessor]: [number[], number[]] = [[], []];
    for await (const { index, picture } of subject.frames(start, { seed, frames, ...changes })) {
      const embedding = await subject.embed(picture);
      toStart.push(dot(first, embedding));
      toPredecessor.push(dot(previous, embedding));
      previous = embedding;
      if ((index + 1) % shownEvery === 0) row.push(picture);
      bench.progress(seed * frames + index + 1, starts.length * frames);
    }
    made.push({ name: entry.name, toStart, toPredecessor });
    rows.push(row);
    // Written after each row: one may want to look before hours are over.
    await writeSheet(bench, sheet, rows);
  }
  return made;
}

function summary(made: readonly Chain[]) {
  return {
    toStart: mean(made.map(({ toStart }) => toStart.at(-1) ?? NaN)),
    toPredecessor: mean(made.flatMap(({ toPredecessor }) => toPredecessor)),
  };
}
