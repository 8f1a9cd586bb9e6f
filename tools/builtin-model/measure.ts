import { mkdir } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { DriftError, InputError, ModelError, isAbort } from '../../src/base/index.ts';
import { agreement } from './measure/agreement.ts';
import { chains } from './measure/chains.ts';
import { clip } from './measure/clip.ts';
import { openCollection } from './measure/collection.ts';
import type { Collection } from './measure/collection.ts';
import { digestFolder } from './measure/digest.ts';
import { guidance } from './measure/guidance.ts';
import type { Bench, Measure, Row } from './measure/measure.ts';
import { openPhotographs } from './measure/photograph-files.ts';
import { photographs } from './measure/photographs.ts';
import { addResult, describeRows, readResults, resultsTable } from './measure/results.ts';
import { smooth } from './measure/smooth.ts';
import { Subject } from './measure/subject.ts';
import { timing } from './measure/timing.ts';
import { vae } from './measure/vae.ts';

/** All measures, in the order of the model card. */
const measures: readonly Measure[] = [vae, clip, agreement, guidance, chains, smooth, photographs, timing];

const usage = `Usage: node tools/run.mjs tools/builtin-model/measure.ts --out DIR --data DIR --photographs DIR [--model DIR]
       [--backend cpu|webgpu] [--only NAME,…] [--limit PICTURES] [--frames N] [--segments N] [--all-frames]
       [--part K/N]
       node tools/run.mjs tools/builtin-model/measure.ts --out DIR --table

Measures the shipped model (public/models/builtin, or another folder with a model.json) through the code that the page
runs: on a collection that worlds/draw.ts drew with a seed that training did not use (--data), and on photographs, which
are PNG files (--photographs). Prints what it finds and writes contact sheets and measures.json, to which later runs
add, into the folder of results. --table prints all that was measured as the Markdown table of the model card.

Measures: ${measures.map(({ name }) => name).join(', ')}.

  --only        some of the measures; several processes can measure at the same time into one folder
  --limit       at most so many start pictures of each kind, for a quick try
  --frames      of a chain, else 60
  --segments    of a run of smooth mode, else 10
  --all-frames  writes every frame of the chains as a PNG file, into a folder for each chain
  --part K/N    makes only the K-th of N parts of the chains: so N processes share them, and the last one to finish
                gives the result. Finished chains are kept; a run that was stopped goes on where it was.

On one processor core a frame of 256×256 takes some seconds, chains (1200 frames) about an hour and all measures about
two.`;

const exit = { ok: 0, failed: 1, usage: 2 } as const;

/** Entry point of the measuring command. See `usage`. */
export async function main(args: string[]): Promise<number> {
  const options = readOptions(args);
  if (!options) {
    console.error(usage);
    return exit.usage;
  }
  const stop = new AbortController();
  const interrupt = () => {
    stop.abort();
  };
  process.once('SIGINT', interrupt);
  try {
    if (options.table) console.log(resultsTable(measures, await readResults(options.out)));
    else await measureAll(options, stop.signal);
    return exit.ok;
  } catch (error) {
    if (!(error instanceof DriftError) && !isAbort(error)) throw error;
    console.error(error instanceof DriftError ? `${error.message} ${error.remedy}` : 'Stopped.');
    return exit.failed;
  } finally {
    process.off('SIGINT', interrupt);
  }
}

interface Options extends Pick<Bench, 'out' | 'limit' | 'frames' | 'segments' | 'allFrames' | 'part'> {
  readonly model: string;
  readonly data: string | undefined;
  readonly photographs: string | undefined;
  readonly backend: 'cpu' | 'webgpu';
  readonly chosen: readonly Measure[];
  readonly table: boolean;
}

/** Parses the command line; null if it is invalid or incomplete. */
function readOptions(args: string[]): Options | null {
  const { values } = parseArgs({
    args,
    options: {
      data: { type: 'string' },
      photographs: { type: 'string' },
      out: { type: 'string' },
      model: { type: 'string', default: 'public/models/builtin' },
      backend: { type: 'string', default: 'cpu' },
      only: { type: 'string' },
      limit: { type: 'string', default: 'Infinity' },
      frames: { type: 'string', default: '60' },
      segments: { type: 'string', default: '10' },
      'all-frames': { type: 'boolean', default: false },
      part: { type: 'string', default: '1/1' },
      table: { type: 'boolean', default: false },
    },
  });
  const { data, photographs, out, model, backend, only, table } = values;
  const [limit, frames, segments] = [Number(values.limit), Number(values.frames), Number(values.segments)];
  const isCount = (value: number) => Number.isInteger(value) && value >= 1;
  const [part = NaN, of = NaN] = /^\d+\/\d+$/.test(values.part) ? values.part.split('/').map(Number) : [];
  const names = only?.split(',') ?? measures.map(({ name }) => name);
  const chosen = measures.filter(({ name }) => names.includes(name));
  const given = { data, photographs };
  if (out === undefined || (backend !== 'cpu' && backend !== 'webgpu')) return null;
  if (!(limit >= 1) || !isCount(frames) || !isCount(segments) || !(part >= 1 && part <= of)) return null;
  if (!names.every((name) => chosen.some((measure) => measure.name === name))) return null;
  const isMissing = chosen.some(({ needs }) => needs.some((need) => given[need] === undefined));
  if (isMissing && !table) return null;
  return {
    ...{ out, model, data, photographs, backend, chosen, limit, frames, segments, table },
    allFrames: values['all-frames'],
    part: { index: part - 1, of },
  };
}

async function measureAll(options: Options, signal: AbortSignal): Promise<void> {
  const { out, backend, data, chosen } = options;
  await mkdir(out, { recursive: true });
  // An unreadable results file is reported before anything is measured.
  await readResults(out);
  const model = { folder: options.model, digest: await digestFolder(options.model) };
  const open = new Opened(async () => {
    const subject = await Subject.open(model.folder, backend, signal);
    console.log(`# ${subject.model.manifest.name} on ${subject.backend.description}`);
    return subject;
  });
  const collection = new Opened(async () =>
    sizedFor(await openCollection(data ?? ''), (await open.get()).settings),
  );
  const photographs = new Opened(() => openPhotographs(options.photographs ?? ''));
  try {
    for (const measure of chosen) {
      const values = await measure.run({
        ...options,
        model,
        subject: () => open.get(),
        collection: () => collection.get(),
        photographs: () => photographs.get(),
        progress: (done, of) => {
          console.error(`${measure.name} ${done}/${of}`);
        },
      });
      if (!values) continue;
      const rows = rowsOf(measure, values);
      await addResult(out, measure.name, model.digest, values);
      for (const line of describeRows(rows)) console.log(`${measure.name.padEnd(12)}${line}`);
    }
  } finally {
    await open.close((subject) => subject.close());
  }
}

/**
 * Converts values to rows of the table.
 *
 * @throws ModelError `not-finite` if a value is NaN, because a network of the model returned non-finite numbers
 */
function rowsOf(measure: Measure, values: object): Row[] {
  try {
    return measure.rows(values);
  } catch (cause) {
    throw new ModelError('not-finite', `The figures of "${measure.name}" are not finite numbers.`, {
      remedy: 'Look at the contact sheets: a network of this model gives NaN or infinity.',
      cause,
    });
  }
}

/** Lazily opened value. */
class Opened<T> {
  readonly #open: () => Promise<T>;
  #value: Promise<T> | null = null;

  constructor(open: () => Promise<T>) {
    this.#open = open;
  }

  get(): Promise<T> {
    this.#value ??= this.#open();
    return this.#value;
  }

  /** Calls `close` with the value if it was opened. */
  async close(close: (value: T) => Promise<void>): Promise<void> {
    const value = await this.#value?.catch(() => null);
    if (value) await close(value);
  }
}

/**
 * Checks that the pictures of a collection have the model's size.
 *
 * @throws InputError `collection-size`
 */
function sizedFor(collection: Collection, { width, height }: { width: number; height: number }): Collection {
  const { pixels } = collection;
  if (pixels === width && pixels === height) return collection;
  throw new InputError(
    'collection-size',
    `The collection's pictures are ${pixels}×${pixels}, the model's ${width}×${height}.`,
    {
      remedy: `Draw a collection with --pixels ${width}.`,
      details: { pixels, width, height },
    },
  );
}
