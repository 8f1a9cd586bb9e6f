import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import type { Picture } from '../../../src/base/index.ts';
import { writePng } from '../../png.ts';
import type { Collection } from './collection.ts';
import type { Photograph } from './photograph-files.ts';
import { contactSheet } from './pictures.ts';
import type { Subject } from './subject.ts';

/** Inputs and options of all measures. Resources are opened on first use. */
export interface Bench {
  /** Folder of the model, and the digest of its files. */
  readonly model: { readonly folder: string; readonly digest: string };
  subject(): Promise<Subject>;
  collection(): Promise<Collection>;
  /** Sorted by name. */
  photographs(): Promise<readonly Photograph[]>;
  /** Folder of the results. */
  readonly out: string;
  /** Maximum number of start pictures of each kind. */
  readonly limit: number;
  /** Frames per chain. */
  readonly frames: number;
  /** Segments per run of smooth mode. */
  readonly segments: number;
  /** Whether every frame of a chain is stored as a file. */
  readonly allFrames: boolean;
  /** Share of the chains for this process: those whose index modulo `of` equals `index`. */
  readonly part: { readonly index: number; readonly of: number };
  readonly progress: (done: number, of: number) => void;
}

/** Row of the model card's table. */
export interface Row {
  readonly label: string;
  readonly result: string;
  /** Limit in words, and whether the result meets it; absent if there is no limit. */
  readonly wanted?: { readonly limit: string; readonly met: boolean };
}

/** Inputs required on the command line. */
export type Need = 'data' | 'photographs';

/** A measure: `run` returns values that are stored as JSON, from which `rows` makes the table. */
export interface Measure {
  readonly name: string;
  readonly needs: readonly Need[];
  /** Null if the result is incomplete because other processes are still running their part. */
  run(bench: Bench): Promise<object | null>;
  /** @throws ValiError if the values do not match the schema */
  rows(stored: unknown): Row[];
}

/** Defines a measure; the schema validates stored values. */
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

/** Runs `work` on the items sequentially, and reports progress. */
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

/** Writes a contact sheet as PNG to the folder of the results. */
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

/** A lower limit on a share. */
export function atLeast(limit: number, share: number): NonNullable<Row['wanted']> {
  return { limit: `at least ${Math.round(100 * limit)} %`, met: share >= limit };
}
