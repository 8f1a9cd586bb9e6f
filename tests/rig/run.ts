import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as v from 'valibot';
import { cache } from './chromium.ts';
import { prepareMachines } from './machines.ts';
import { install, missing, requirements } from './packages.ts';
import type { Need } from './packages.ts';
import { outputOf, run } from './process.ts';
import { nothing, readConformance, readPlaywright, readVitest, sum, whole, withStatus } from './reports.ts';
import type { Outcome } from './reports.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const reports = join(cache, 'reports');

/** State of the machine and of earlier steps. */
interface Context {
  /** Why Node has no GPU, or null if it has one; determined once. */
  readonly nodeGpuMissing: () => string | null;
  /** Needs that are missing and could not be installed. */
  readonly lacking: readonly Need[];
  /** Why they could not be installed. */
  readonly notInstalled: string;
  /** Names of failed steps. */
  readonly failed: ReadonlySet<string>;
}

interface Step {
  readonly name: string;
  readonly title: string;
  readonly needs: readonly Need[];
  /** False for steps that pass or fail as a whole. */
  readonly hasTests: boolean;
  run(context: Context): Promise<Outcome>;
}

const steps: readonly Step[] = [
  {
    name: 'types',
    title: 'Types (tsc)',
    needs: [],
    hasTests: false,
    run: async () => whole('types: tsc -b', (await program('tsc', ['-b'])) === 0),
  },
  {
    name: 'lint',
    title: 'Style (eslint, prettier)',
    needs: [],
    hasTests: false,
    run: async () =>
      sum([
        whole('lint: eslint', (await program('eslint', ['.'])) === 0),
        whole('lint: prettier', (await program('prettier', ['--check', '--log-level', 'warn', '.'])) === 0),
      ]),
  },
  {
    name: 'unit',
    title: 'Unit tests (Node)',
    needs: [],
    hasTests: true,
    run: () => vitest('unit'),
  },
  {
    name: 'gpu',
    title: 'GPU tests (WGSL in Node)',
    needs: ['vulkan', 'mesa'],
    hasTests: true,
    run: async ({ nodeGpuMissing }) => {
      const reason = nodeGpuMissing();
      return reason === null ? vitest('gpu') : skippedGpuTests(reason);
    },
  },
  {
    name: 'conformance',
    title: "Conformance (the original program's numbers, on both backends)",
    needs: ['vulkan', 'mesa'],
    hasTests: true,
    run: async ({ nodeGpuMissing }) => {
      const cpu = await conformance('cpu');
      const reason = nodeGpuMissing();
      if (reason === null) return sum([cpu, await conformance('webgpu')]);
      const skipped = Math.max(1, cpu.passed + cpu.failed);
      return sum([cpu, { ...nothing, skipped, untested: [`conformance on the GPU: ${reason}`] }]);
    },
  },
  {
    name: 'build',
    title: 'Build (vite)',
    needs: [],
    hasTests: false,
    run: async () => {
      const { status } = await run('npm', ['run', '--silent', 'build'], { output: 'show' });
      return whole('build: vite build', status === 0);
    },
  },
  {
    name: 'page',
    title: 'The page (Playwright)',
    needs: ['chromium', 'vulkan', 'mesa', 'compiler', 'ffmpeg', 'metadata', 'webp', 'nginx'],
    hasTests: true,
    run: page,
  },
  {
    name: 'engines',
    title: 'The page in Firefox and WebKitGTK (WebDriver)',
    needs: ['firefox', 'webkit', 'vulkan', 'mesa', 'ffmpeg'],
    hasTests: true,
    run: engines,
  },
];

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
  const results: { step: Step; outcome: Outcome; seconds: number }[] = [];
  for (const step of chosen) {
    console.log(`\n── ${step.title} ${'─'.repeat(Math.max(3, 74 - step.title.length))}`);
    const start = performance.now();
    const outcome = await step.run(context);
    if (outcome.failed > 0) failed.add(step.name);
    results.push({ step, outcome, seconds: (performance.now() - start) / 1000 });
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
  const absent = missing(needs);
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
  console.log('Tests that need these are skipped; all others run.');
  return { lacking: still, notInstalled: `not installed: ${why.split('\n')[0] ?? why}` };
}

/** Appends to a reason why a missing package was not installed, if it needs one. */
function because(
  reason: string,
  needs: readonly Need[],
  lacking: readonly Need[],
  notInstalled: string,
): string {
  return needs.some((need) => lacking.includes(need)) ? `${reason} (${notInstalled})` : reason;
}

/** Runs a program of node_modules with its output shown. Returns its exit status. */
async function program(name: string, args: readonly string[], env?: Record<string, string>): Promise<number> {
  const options = env === undefined ? {} : { env };
  return (await run(join(root, 'node_modules/.bin', name), args, { ...options, output: 'show' })).status;
}

async function vitest(project: string): Promise<Outcome> {
  const file = join(reports, `${project}.json`);
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
  const status = await program('vitest', ['run', '--project', project, ...reporters]);
  return withStatus(existsSync(file) ? readVitest(readJson(file), root) : nothing, project, status);
}

async function skippedGpuTests(reason: string): Promise<Outcome> {
  console.log(`Skipped: ${reason}.`);
  const file = join(reports, 'gpu-list.json');
  // Static parsing only, because loading these files requires a GPU.
  const args = ['list', '--project', 'gpu', '--staticParse', `--json=${file}`];
  await run(join(root, 'node_modules/.bin/vitest'), args, { output: 'collect' });
  const tests = existsSync(file) ? v.parse(v.array(v.unknown()), readJson(file)).length : 1;
  return { ...nothing, skipped: tests, untested: [`the WGSL kernels: ${reason}`] };
}

async function conformance(backend: 'cpu' | 'webgpu'): Promise<Outcome> {
  const args = ['run', '--silent', 'conformance', '--', 'tests/golden/shapes', '--backend', backend];
  console.log(`On ${backend}:`);
  const { status, output } = await run('npm', args, { output: 'both' });
  const name = `conformance on ${backend}`;
  return withStatus(readConformance(output, name), name, status);
}

/** Page tests that are skipped without a program. */
const untestedWithout: readonly (readonly [Need, string])[] = [
  ['ffmpeg', 'exported animations, read back by another program'],
  ['nginx', 'the page behind a server that is not configured for it'],
];

async function page({ failed, lacking, notInstalled }: Context): Promise<Outcome> {
  if (failed.has('build')) {
    const untested = ['the page: it could not be built'];
    return { ...nothing, skipped: await countPageTests(null), untested };
  }
  if (!existsSync(join(root, 'dist/index.html'))) {
    console.log('There is no built page. Run "npm run build" first, or "npm test -- build page".');
    return whole('page: there is no built page', false);
  }
  const { machines, missing: absent } = await prepareMachines();
  const outcomes: Outcome[] = [];
  for (const { name, reason } of absent) {
    const cause = because(reason, ['chromium', 'vulkan', 'mesa', 'compiler'], lacking, notInstalled);
    console.log(`Skipped on ${name}: ${cause}.`);
    const untested = [`the page on ${name}: ${cause}`];
    outcomes.push({ ...nothing, skipped: await countPageTests(name), untested });
  }
  if (machines.length > 0) {
    const file = join(reports, 'page.json');
    const status = await program('playwright', ['test', '--reporter=list,json'], {
      PLAYWRIGHT_JSON_OUTPUT_FILE: file,
    });
    const outcome = existsSync(file) ? readPlaywright(readJson(file)) : nothing;
    outcomes.push(withStatus(outcome, 'page', status));
    for (const [need, what] of untestedWithout) {
      if (!lacking.includes(need)) continue;
      outcomes.push({ ...nothing, untested: [`${what}: no ${need} (${notInstalled})`] });
    }
  }
  return sum(outcomes);
}

/** Browsers that are skipped if they are not installed. */
const untestedEngines: readonly (readonly [Need, string])[] = [
  ['firefox', 'the page in Firefox'],
  ['webkit', 'the page in WebKitGTK'],
  ['mesa', 'the page in Firefox with WebGPU'],
];

async function engines({ failed, lacking, notInstalled }: Context): Promise<Outcome> {
  if (failed.has('build') || !existsSync(join(root, 'dist/index.html'))) {
    return { ...nothing, skipped: 1, untested: ['the page in Firefox and WebKitGTK: it is not built'] };
  }
  const untested = untestedEngines
    .filter(([need]) => lacking.includes(need))
    .map(([, what]) => `${what}: ${notInstalled}`);
  return sum([await vitest('engines'), { ...nothing, untested }]);
}

/** Number of page tests of one machine, or of all, without running them. */
async function countPageTests(machine: string | null): Promise<number> {
  const file = join(reports, 'page-list.json');
  const project = machine === null ? [] : [`--project=${machine}`];
  await run(join(root, 'node_modules/.bin/playwright'), ['test', '--list', '--reporter=json', ...project], {
    env: { PLAYWRIGHT_JSON_OUTPUT_FILE: file, DRIFT_ALL_MACHINES: '1' },
    output: 'collect',
  });
  if (!existsSync(file)) return 1;
  const { passed, failed, skipped } = readPlaywright(readJson(file));
  return passed + failed + skipped;
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

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8'));
}
