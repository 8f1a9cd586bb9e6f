import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Picture } from '../../../src/base/index.ts';
import { writePng } from '../../png.ts';
import type { HeldOutPicture } from './held-out.ts';
import { contactSheet } from './pictures.ts';
import type { Subject } from './subject.ts';

/** What every measure works with. */
export interface Bench {
  readonly subject: Subject;
  readonly pictures: readonly HeldOutPicture[];
  /** The folder of the data. */
  readonly data: string;
  /** The folder of the results. */
  readonly out: string;
  /** No measure looks at more pictures than this. */
  readonly limit: number;
  /** Frames of a chain. */
  readonly frames: number;
  /** Told how far the measure is. */
  readonly progress: (done: number, of: number) => void;
}

/** What was measured: a line for people, and all of it for programs. */
export interface Measured {
  readonly line: string;
  readonly values: Readonly<Record<string, unknown>>;
}

export type Measure = (bench: Bench) => Promise<Measured>;

/** Calls `work` for one item after another, and reports how many are done. */
export async function each<T, R>(
  { progress }: Bench,
  items: readonly T[],
  work: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  for (const [index, item] of items.entries()) {
    results.push(await work(item, index));
    progress(index + 1, items.length);
  }
  return results;
}

/** Writes rows of pictures as one PNG among the results. */
export async function writeSheet(
  { out }: Bench,
  name: string,
  rows: readonly (readonly Picture[])[],
): Promise<void> {
  await writeFile(join(out, `${name}.png`), writePng(contactSheet(rows)));
}
