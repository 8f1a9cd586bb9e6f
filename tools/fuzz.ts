import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { fuzz } from './fuzz/fuzz.ts';
import type { Finding, Tally } from './fuzz/fuzz.ts';
import { targets } from './fuzz/targets.ts';
import type { TargetName } from './fuzz/targets.ts';

const usage = `Usage: npm run fuzz -- [--count N] [--only KIND] [--seed N]

Opens N mutated files (default 100000, the same number of each kind) of the untrusted kinds:
${Object.keys(targets).join(', ')}. Each must end in a picture, a model or an error that says what to do, within 10
seconds and 512 MB. Prints statistics, and the seed of each failure, which reproduces it; exits with 1 if there was one.`;

const limits = { time: 10_000, growth: 512 * 2 ** 20 };

/**
 * Worker that kills the process, reporting the seed, when a case hangs: synchronous JavaScript cannot be interrupted
 * from the same thread.
 */
const watchdog = `
const { workerData } = require('node:worker_threads');
const { writeSync } = require('node:fs');
const cases = new Int32Array(workerData);
let last = -1, since = Date.now();
setInterval(() => {
  const now = Atomics.load(cases, 0);
  if (now !== last) { last = now; since = Date.now(); }
  else if (Date.now() - since > 60000 && Atomics.load(cases, 1) === 1) {
    writeSync(2, 'The case with seed ' + now + ' does not end.\\n');
    process.kill(process.pid, 'SIGKILL');
  }
}, 1000);`;

/** Entry point of the fuzzer. See `usage`. */
export async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      count: { type: 'string', default: '100000' },
      only: { type: 'string' },
      seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 30)) },
    },
  });
  const names = targetNames().filter((name) => values.only === undefined || values.only === name);
  const [count, seed] = [Number(values.count), Number(values.seed)];
  if (names.length === 0 || !Number.isSafeInteger(count) || !Number.isSafeInteger(seed)) {
    console.error(usage);
    return 2;
  }
  const cases = new SharedArrayBuffer(8);
  const state = new Int32Array(cases);
  const watch = new Worker(watchdog, { eval: true, workerData: cases });
  const findings: Finding[] = [];
  const onFinding = (finding: Finding) => {
    findings.push(finding);
    console.error(`${finding.target}, seed ${finding.seed}: ${finding.what}`);
  };
  console.log(`seed ${seed}`);
  for (const target of names) {
    Atomics.store(state, 1, 1);
    const tally = await fuzz({
      target,
      seed,
      count: Math.ceil(count / names.length),
      limits,
      onCase: (current) => {
        Atomics.store(state, 0, current);
      },
      onFinding,
    });
    Atomics.store(state, 1, 0);
    console.log(lineOf(tally));
  }
  await watch.terminate();
  console.log(findings.length === 0 ? 'Nothing was found.' : `${findings.length} found.`);
  return findings.length === 0 ? 0 : 1;
}

function targetNames(): TargetName[] {
  const isTarget = (name: string): name is TargetName => name in targets;
  return Object.keys(targets).filter(isTarget);
}

function lineOf({ target, cases, opened, refused, slowest, growth }: Tally): string {
  const codes = [...refused].sort(([, a], [, b]) => b - a).map(([code, times]) => `${code} ${times}`);
  return [
    `${target}: ${cases} files, ${opened} opened, ${cases - opened} refused`,
    `slowest ${slowest.toFixed(0)} ms, most memory at once ${(growth / 2 ** 20).toFixed(0)} MB`,
    codes.join(', '),
  ].join('; ');
}
