import { parseArgs } from 'node:util';
import { DriftError } from '../src/base/index.ts';
import { Pipeline } from '../src/diffusion/index.ts';
import { createModel } from '../src/models/model.ts';
import { openCheckpointFolder } from './checkpoint-folder.ts';
import type { CheckpointFolder } from './checkpoint-folder.ts';
import { runCheck } from './conformance/checks.ts';
import type { Measure } from './conformance/checks.ts';
import { GoldenError, openGolden } from './conformance/golden.ts';
import { openNodeBackend } from './node-runtime.ts';

const usage = `Usage: npm run conformance -- DIR [--backend webgpu|cpu] [--precision float16|float32] [--sums float32|float16]

Runs every check of a golden folder through the pipeline and prints a line for each: name, error, limit, ok or FAIL.
Without --backend it takes the GPU where there is one. Exit status: 0 all ok, 1 a check failed, 2 the folder is
malformed or holds an unknown kind of check, 3 there is no GPU.`;

const exit = { ok: 0, failed: 1, malformed: 2, noDevice: 3 } as const;

/** Entry point of the conformance command. See `usage`. */
export async function main(args: string[]): Promise<number> {
  const { positionals, values } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      backend: { type: 'string' },
      precision: { type: 'string', default: 'float16' },
      sums: { type: 'string', default: 'float32' },
    },
  });
  const [folder] = positionals;
  const { backend: wanted, precision, sums } = values;
  const known = wanted === undefined || wanted === 'webgpu' || wanted === 'cpu';
  if (
    folder === undefined ||
    !known ||
    (precision !== 'float16' && precision !== 'float32') ||
    (sums !== 'float16' && sums !== 'float32')
  ) {
    console.error(usage);
    return exit.malformed;
  }
  let checkpoint: CheckpointFolder | null = null;
  try {
    const golden = await openGolden(folder);
    checkpoint = await openCheckpointFolder(`${folder}/checkpoint`);
    const options = { float16: precision === 'float16', sums } as const;
    let backend = await openNodeBackend(wanted ?? 'webgpu', options);
    if ('reason' in backend && wanted === undefined) backend = await openNodeBackend('cpu');
    if ('reason' in backend) {
      console.error(`The GPU cannot be used here: ${backend.reason}.`);
      return exit.noDevice;
    }
    console.log(`# ${backend.description}`);
    const { compute, runtime, target } = backend;
    const pipeline = new Pipeline(compute, runtime, createModel(checkpoint.parts, target));
    let failures = 0;
    try {
      for (const check of golden.checks) {
        const line = await checkLine(check.name, () => runCheck(check, { golden, pipeline }));
        if (!line.ok) failures++;
        console.log(line.text);
      }
      await pipeline.release();
    } finally {
      backend.dispose();
    }
    return failures === 0 ? exit.ok : exit.failed;
  } catch (error) {
    if (!(error instanceof GoldenError) && !(error instanceof DriftError) && !isFileError(error)) throw error;
    console.error(error.message);
    return exit.malformed;
  } finally {
    await checkpoint?.close();
  }
}

async function checkLine(
  name: string,
  run: () => Promise<Measure[]>,
): Promise<{ ok: boolean; text: string }> {
  const title = name.padEnd(20);
  try {
    const worst = (await run()).reduce((a, b) => (margin(a) > margin(b) ? a : b));
    // An error of NaN counts as a failure too.
    const ok = margin(worst) <= 1;
    const [error, limit] =
      worst.unit === 'dB'
        ? [`${worst.error.toFixed(1)}dB`, `${worst.limit}dB`]
        : [worst.error.toExponential(2), worst.limit.toExponential(0)];
    return { ok, text: `${title}  ${error.padStart(9)}  ${limit.padStart(6)}  ${ok ? 'ok' : 'FAIL'}` };
  } catch (error) {
    if (error instanceof GoldenError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    console.error(`${name}: ${reason}`);
    return { ok: false, text: `${title}  ${'-'.padStart(9)}  ${'-'.padStart(6)}  FAIL` };
  }
}

/** Ratio of error to limit; above 1 the check fails. */
function margin({ unit, error, limit }: Measure): number {
  const used = unit === 'dB' ? limit / error : error / limit;
  return Number.isNaN(used) ? Infinity : used;
}

function isFileError(error: unknown): error is NodeJS.ErrnoException {
  return (error instanceof Error && 'code' in error) || error instanceof SyntaxError;
}
