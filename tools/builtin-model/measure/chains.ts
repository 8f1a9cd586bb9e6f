import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Picture } from '../../../src/base/index.ts';
import type { Settings } from '../../../src/project/index.ts';
import { drawConcepts } from './held-out.ts';
import type { HeldOutPicture } from './held-out.ts';
import { writeSheet } from './measure.ts';
import type { Bench, Measure } from './measure.ts';
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
 * Long animations from held-out pictures, with the model's own settings or some of them changed: a sheet, one row a start
 * picture, and how alike frames stay.
 *
 * @param name - of the sheet and of the file with all cosines
 */
export function measureChains(name: string, changes: Partial<Settings> = {}): Measure {
  return async (bench) => {
    const starts = drawConcepts(bench.pictures, Math.min(mostPictures, bench.limit), uniform(5));
    const made = await chains(bench, name, starts, changes);
    await writeFile(join(bench.out, `${name}.json`), JSON.stringify(made, null, 1));
    const values = {
      frames: bench.frames,
      toStart: mean(made.map(({ toStart }) => toStart.at(-1) ?? NaN)),
      toPredecessor: mean(made.flatMap(({ toPredecessor }) => toPredecessor)),
    };
    return {
      line: `${starts.length} of ${bench.frames} frames, cosines: last frame to start ${values.toStart.toFixed(3)}, frame to frame ${values.toPredecessor.toFixed(3)}`,
      values,
    };
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
