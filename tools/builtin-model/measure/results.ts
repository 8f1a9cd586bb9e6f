import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { InputError } from '../../../src/base/index.ts';
import type { Measure, Row } from './measure.ts';

const entrySchema = v.object({
  /** Digest of the model's files. */
  model: v.string(),
  values: v.unknown(),
});
const resultsSchema = v.record(v.string(), entrySchema);

/** Results by name of the measure. */
export type Results = v.InferOutput<typeof resultsSchema>;

/**
 * Reads `measures.json` from a folder; empty if the file does not exist.
 *
 * @throws InputError `results-invalid`
 */
export async function readResults(folder: string): Promise<Results> {
  const file = join(folder, 'measures.json');
  const text = await readFile(file, 'utf8').catch(() => '{}');
  try {
    return v.parse(resultsSchema, JSON.parse(text));
  } catch (cause) {
    throw new InputError('results-invalid', `${file} was not written by this command.`, {
      remedy: 'Give another folder with --out, or delete the file.',
      details: { file },
      cause,
    });
  }
}

/** Adds a result to `measures.json` and keeps the results of other processes. */
export async function addResult(folder: string, name: string, model: string, values: object): Promise<void> {
  const file = join(folder, 'measures.json');
  const results = { ...(await readResults(folder)), [name]: { model, values } };
  const part = `${file}.${process.pid}.part`;
  await writeFile(part, `${JSON.stringify(results, null, 2)}\n`);
  await rename(part, file);
}

/**
 * All results as the Markdown table of the model card, in the order of the measures.
 *
 * @throws InputError `results-invalid` if values do not match their schema, `mixed-models` if they are of several
 * models
 */
export function resultsTable(measures: readonly Measure[], results: Results): string {
  const known = measures.filter(({ name }) => Object.hasOwn(results, name));
  const models = new Set(known.map(({ name }) => results[name]?.model));
  if (models.size > 1) {
    const of = known.map(({ name }) => `${name} ${results[name]?.model ?? ''}`).join(', ');
    throw new InputError('mixed-models', `The results are of different models: ${of}.`, {
      remedy: 'Measure all of them with the same model, or into another folder.',
    });
  }
  const rows = known.flatMap((measure) => rowsOf(measure, results[measure.name]?.values));
  return markdownTable(rows);
}

/** @throws InputError `results-invalid` */
function rowsOf(measure: Measure, values: unknown): Row[] {
  try {
    return measure.rows(values);
  } catch (cause) {
    throw new InputError('results-invalid', `What is stored of "${measure.name}" has another shape.`, {
      remedy: `Measure it again with --only ${measure.name}.`,
      cause,
    });
  }
}

/** Markdown table with aligned columns: measure, limit, result, and whether the limit is met. */
export function markdownTable(rows: readonly Row[]): string {
  const cells = [
    ['measure', 'wanted', 'result', ''],
    ...rows.map(({ label, wanted, result }) => [
      label,
      wanted?.limit ?? '',
      result,
      wanted ? (wanted.met ? 'met' : 'not met') : '',
    ]),
  ];
  const widths = [0, 1, 2, 3].map((column) => Math.max(3, ...cells.map((row) => (row[column] ?? '').length)));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const [head = [], ...body] = cells;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)].join('\n');
}

/** Formats rows for the terminal. */
export function describeRows(rows: readonly Row[]): string[] {
  return rows.map(({ label, wanted, result }) => {
    const limit = wanted ? ` (wanted: ${wanted.limit}: ${wanted.met ? 'met' : 'not met'})` : '';
    return `${label}: ${result}${limit}`;
  });
}
