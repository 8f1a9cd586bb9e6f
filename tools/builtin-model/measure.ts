import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import * as v from 'valibot';
import { DriftError, isAbort } from '../../src/base/index.ts';
import { measureChains } from './measure/chains.ts';
import { measureClip } from './measure/clip.ts';
import { measureGuidance } from './measure/guidance.ts';
import { openHeldOut } from './measure/held-out.ts';
import type { Measure, Measured } from './measure/measure.ts';
import { measurePhotographs } from './measure/photographs.ts';
import { Subject } from './measure/subject.ts';
import { measureTiming } from './measure/timing.ts';
import { measureVae } from './measure/vae.ts';
import { measureVariants } from './measure/variants.ts';

const usage = `Usage: node tools/run.mjs tools/builtin-model/measure.ts --data DIR --out DIR [--model DIR]
       [--backend cpu|webgpu] [--only NAME,…] [--limit PICTURES] [--frames N]

Measures the shipped model (public/models/builtin, or another folder with a model.json) on pictures that its training
has not seen, through the same code that the page runs. Prints a line for each measure; writes measures.json, to which
later runs add, and contact sheets into the folder of results. --limit and --frames (of a chain, else 60) make a quick
try of it.

Measures: vae, clip, variants, guidance, chains, unguided (chains without guidance), photographs, timing. Several runs
can measure side by side.`;

/** Measures of the model on a device. `timing` is of the page, and opens the model there. */
const measures: Readonly<Record<string, Measure>> = {
  vae: measureVae,
  clip: measureClip,
  variants: measureVariants,
  guidance: measureGuidance,
  chains: measureChains('chains'),
  unguided: measureChains('unguided', { repeats: 0 }),
  photographs: measurePhotographs,
};

const exit = { ok: 0, failed: 1, usage: 2 } as const;

/** The measuring command. See `usage`. */
export async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      data: { type: 'string' },
      out: { type: 'string' },
      model: { type: 'string', default: 'public/models/builtin' },
      backend: { type: 'string', default: 'cpu' },
      only: { type: 'string' },
      limit: { type: 'string', default: 'Infinity' },
      frames: { type: 'string', default: '60' },
    },
  });
  const { data, out, model, backend } = values;
  const [limit, frames] = [Number(values.limit), Number(values.frames)];
  const names = values.only?.split(',') ?? [...Object.keys(measures), 'timing'];
  const known = names.every((name) => name === 'timing' || Object.hasOwn(measures, name));
  if (data === undefined || out === undefined || !known || !(limit >= 1) || !(frames >= 1)) {
    console.error(usage);
    return exit.usage;
  }
  if (backend !== 'cpu' && backend !== 'webgpu') {
    console.error(usage);
    return exit.usage;
  }
  const stop = new AbortController();
  const interrupt = () => {
    stop.abort();
  };
  process.once('SIGINT', interrupt);
  try {
    await mkdir(out, { recursive: true });
    const pictures = await openHeldOut(data);
    const results = await openResults(out);
    const onDevice = names.filter((name) => name !== 'timing');
    if (onDevice.length > 0) {
      const subject = await Subject.open(model, backend, stop.signal);
      console.log(`# ${subject.model.manifest.name} on ${subject.backend.description}`);
      try {
        for (const name of onDevice) {
          const progress = (done: number, of: number) => {
            console.error(`${name} ${done}/${of}`);
          };
          const measured = await measures[name]?.({ subject, pictures, data, out, limit, frames, progress });
          if (measured) await results.add(name, measured);
        }
      } finally {
        await subject.close();
      }
    }
    if (names.includes('timing')) await results.add('timing', await measureTiming(model));
    return exit.ok;
  } catch (error) {
    if (!(error instanceof DriftError) && !isAbort(error)) throw error;
    console.error(error instanceof DriftError ? `${error.message} ${error.remedy}` : 'Stopped.');
    return exit.failed;
  } finally {
    process.off('SIGINT', interrupt);
  }
}

/** `measures.json`: what other runs have measured, and what this one adds. */
async function openResults(
  folder: string,
): Promise<{ add(name: string, measured: Measured): Promise<void> }> {
  const file = join(folder, 'measures.json');
  const read = async () =>
    v.parse(v.record(v.string(), v.unknown()), JSON.parse(await readFile(file, 'utf8').catch(() => '{}')));
  // What cannot be added to is said before anything is measured.
  await read();
  return {
    async add(name, { line, values }) {
      console.log(`${name.padEnd(12)}${line}`);
      await writeFile(file, `${JSON.stringify({ ...(await read()), [name]: values }, null, 2)}\n`);
    },
  };
}
