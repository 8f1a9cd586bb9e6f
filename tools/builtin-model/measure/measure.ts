import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import type { Picture } from '../../../src/base/index.ts';
import { writePng } from '../../png.ts';
import type { Collection } from './collection.ts';
import type { Photograph } from './photograph-files.ts';
import { contactSheet } from './pictures.ts';
import type { Subject } from './subject.ts';

/** What every measure works with. What takes time to open is opened on the first call. */
export interface Bench {
  /** The folder of the model, and a digest of its files. */
  readonly model: { readonly folder: string; readonly digest: string };
  subject(): Promise<Subject>;
  collection(): Promise<Collection>;
  /** In the order of their names. */
  photographs(): Promise<readonly Photograph[]>;
  /** The folder of the results. */
  readonly out: string;
  /** The largest number of start pictures of each kind that a measure uses. */
  readonly limit: number;
  /** Frames of a chain. */
  readonly frames: number;
  /** Legs of a run of smooth mode. */
  readonly legs: number;
  /** Whether every frame of a chain is written as a file of its own. */
  readonly allFrames: boolean;
  /** Which share of the chains this process makes: those whose number modulo `of` is `index`. */
  readonly part: { readonly index: number; readonly of: number };
  readonly progress: (done: number, of: number) => void;
}

/** A row of the table of the model card. */
export interface Row {
  readonly label: string;
  readonly result: string;
  /** The limit that the figure is held to, in words, and whether it keeps it; absent where there is no limit. */
  readonly wanted?: { readonly limit: string; readonly met: boolean };
}

/** What has to be given on the command line. */
export type Need = 'data' | 'photographs';

/** A measure as the command runs it: its values are stored as JSON, and rows of the table are made from what is stored. */
export interface Measure {
  readonly name: string;
  readonly needs: readonly Need[];
  /** Null where the result is not complete yet, because other processes are still making their part. */
  run(bench: Bench): Promise<object | null>;
  /** @throws ValiError where the values do not have the shape that `run` gives */
  rows(stored: unknown): Row[];
}

/** Makes a measure from its parts; the schema is that of the stored values. */
export function defineMeasure<T extends object>(parts: {
  readonly name: string;
  readonly needs: readonly Need[];
  readonly schema: v.GenericSchema<unknown, T>;
  readonly run: (bench: Bench) => Promise<T | null>;
  readonly rows: (values: T) => Row[];
}): Measure {
  return {
    name: parts.name,
    needs: parts.needs,
    run: parts.run,
    rows: (stored) => parts.rows(v.parse(parts.schema, stored)),
  };
}

/** Calls `work` for one item after another, and reports how many are done. */
export async function each<T, R>(
  { progress }: Pick<Bench, 'progress'>,
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

/** Writes rows of pictures as one PNG into the folder of the results. */
export async function writeSheet(
  { out }: Pick<Bench, 'out'>,
  name: string,
  rows: readonly (readonly Picture[])[],
): Promise<void> {
  if (rows.length > 0) await writeFile(join(out, `${name}.png`), writePng(contactSheet(rows)));
}

export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** A limit from below on a share. */
export function atLeast(limit: number, share: number): NonNullable<Row['wanted']> {
  return { limit: `at least ${Math.round(100 * limit)} %`, met: share >= limit };
}
