import { mkdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as v from 'valibot';
import { prepareMachines } from './machines.ts';
import { StepOutput } from './output.ts';
import { install, missing, required, requirements, worthInstalling } from './packages.ts';
import type { Need } from './packages.ts';
import { outputOf } from './process.ts';
import { sum } from './reports.ts';
import type { Outcome } from './reports.ts';
import { because, groups, reports, root } from './steps.ts';
import type { Context, Step, StepGroup } from './steps.ts';

const steps = groups.flatMap((group) => group.steps);

/**
 * `npm test`. Runs the steps named in `args` (default: all), each to its end even if others fail, and prints a summary
 * whose last line counts the tests.
 *
 * @returns the exit status: 0 if everything passed, 1 if something failed or no test ran, 2 for an unknown step
 */
export async function main(args: readonly string[]): Promise<number> {
  const unknown = args.filter((name) => name !== 'prepare' && !steps.some((step) => step.name === name));
  if (unknown.length > 0) {
    console.error(`There is no step called ${unknown.join(' or ')}.`);
    console.error(`Steps: prepare ${steps.map(({ name }) => name).join(' ')}`);
    return 2;
  }
  const onlyPrepare = args.length > 0 && args.every((name) => name === 'prepare');
  const chosen = steps.filter(({ name }) => args.length === 0 || args.includes(name));
  process.chdir(root);
  rmSync(reports, { recursive: true, force: true });
  mkdirSync(reports, { recursive: true });

  const preparing = performance.now();
  const needing = onlyPrepare ? steps : chosen;
  const { lacking, notInstalled } = await prepare([...new Set(needing.flatMap(({ needs }) => needs))]);
  if (onlyPrepare) {
    const { machines, missing: absent } = await prepareMachines();
    for (const { name, executablePath } of machines) console.log(`${name}: ${executablePath}`);
    for (const { name, reason } of absent) console.log(`${name}: ${reason}`);
    return lacking.length === 0 && absent.length === 0 ? 0 : 1;
  }

  const prepared = (performance.now() - preparing) / 1000;

  const failed = new Set<string>();
  const context: Context = {
    nodeGpuMissing: once(() => {
      const reason = probeNodeGpu();
      return reason === null ? null : because(reason, ['vulkan', 'mesa'], lacking, notInstalled);
    }),
    lacking,
    notInstalled,
    failed,
  };
  const results: Result[] = [];
  for (const { steps: all, atOnce } of groups) {
    const group = { steps: all.filter((step) => chosen.includes(step)), atOnce };
    for (const result of await runGroup(group, context)) {
      if (result.outcome.failed > 0) failed.add(result.step.name);
      results.push(result);
    }
  }

  const total = sum(results.map(({ outcome }) => outcome));
  const tested = total.passed + total.failed > 0 || !chosen.some(({ hasTests }) => hasTests);
  console.log(`\n── Summary ${'─'.repeat(67)}`);
  const row = (name: string, seconds: number, result: string): void => {
    console.log(`${name.padEnd(12)} ${seconds.toFixed(1).padStart(7)} s  ${result}`);
  };
  row('prepare', prepared, lacking.length === 0 ? 'ok' : 'not all is here');
  for (const { step, outcome, seconds } of results) row(step.name, seconds, describe(step, outcome));
  list('Failed:', total.failures);
  list('Could not be tested here:', total.untested);
  if (!tested) console.log('\nNo test ran.');
  console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
  return total.failed === 0 && tested ? 0 : 1;
}

interface Result {
  readonly step: Step;
  readonly outcome: Outcome;
  readonly seconds: number;
}

/** Runs a group of steps. The first shows its output at once, each of the others when it and the first have ended. */
async function runGroup({ steps: group, atOnce }: StepGroup, context: Context): Promise<Result[]> {
  const results: Result[] = [];
  const kept: StepOutput[] = [];
  const waiting = [...group.entries()];
  let firstRuns = true;
  const flush = (): void => {
    for (const output of kept.splice(0)) output.flush();
  };
  const runNext = async (): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const [index, step] = next;
      const output = new StepOutput(index === 0);
      const others = index > 0 ? [] : group.slice(1).map(({ name }) => name);
      const title = others.length > 0 ? `${step.title}, beside ${others.join(', ')}` : step.title;
      output.print(`\n── ${title} ${'─'.repeat(Math.max(3, 74 - title.length))}`);
      const start = performance.now();
      const outcome = await step.run(context, output);
      results.push({ step, outcome, seconds: (performance.now() - start) / 1000 });
      if (index === 0) firstRuns = false;
      else kept.push(output);
      if (!firstRuns) flush();
    }
  };
  await Promise.all(Array.from({ length: atOnce }, runNext));
  return results.sort((one, other) => group.indexOf(one.step) - group.indexOf(other.step));
}

function describe(step: Step, { passed, failed, skipped }: Outcome): string {
  if (!step.hasTests) return failed === 0 ? 'ok' : 'FAILED';
  const parts = [
    `${passed} passed`,
    ...(failed > 0 ? [`${failed} FAILED`] : []),
    ...(skipped > 0 ? [`${skipped} skipped`] : []),
  ];
  return parts.join(', ');
}

function list(title: string, lines: readonly string[]): void {
  if (lines.length > 0) console.log(`\n${title}\n${lines.map((line) => `  ${line}`).join('\n')}`);
}

/** Installs what the chosen steps need. Prints nothing if all needs are met. */
async function prepare(needs: readonly Need[]): Promise<Pick<Context, 'lacking' | 'notInstalled'>> {
  const absent = worthInstalling(missing(needs));
  if (absent.length === 0) return { lacking: [], notInstalled: '' };
  const names = (some: readonly Need[]): string =>
    some.flatMap((need) => requirements[need].packages).join(', ');
  console.log(`Installing what the tests need, once (Debian packages): ${names(absent)}.`);
  const reason = await install(absent);
  const still = missing(absent);
  if (still.length === 0) {
    console.log('Done.');
    return { lacking: [], notInstalled: '' };
  }
  const why = reason ?? 'the installation did not bring it';
  console.log(`Not installed, because ${why}. Missing:`);
  for (const need of still) {
    const { label, packages } = requirements[need];
    console.log(`  ${label} (${packages.join(', ')})`);
  }
  const lacking = required(still);
  console.log(
    lacking.length === 0 ? 'All tests run without.' : 'Tests that need these are skipped; all others run.',
  );
  return { lacking, notInstalled: `not installed: ${why.split('\n')[0] ?? why}` };
}

const probeSchema = v.object({ reason: v.nullable(v.string()) });

/** Runs in a child process, because a crash of the driver must not end the tests. */
function probeNodeGpu(): string | null {
  const script = fileURLToPath(new URL('probe-gpu.mjs', import.meta.url));
  const output = outputOf(process.execPath, [script]);
  if (output === null) return 'Dawn crashed when it was started';
  return v.parse(probeSchema, JSON.parse(output)).reason;
}

function once<T>(compute: () => T): () => T {
  let known: { value: T } | null = null;
  return () => (known ??= { value: compute() }).value;
}
