/** The steps of `npm test`. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as v from 'valibot';
import { cache } from './chromium.ts';
import { prepareMachines } from './machines.ts';
import type { StepOutput } from './output.ts';
import type { Need } from './packages.ts';
import { run } from './process.ts';
import { nothing, readConformance, readPlaywright, readVitest, sum, whole, withStatus } from './reports.ts';
import type { Outcome } from './reports.ts';

/** Root of the repository. */
export const root = fileURLToPath(new URL('../../', import.meta.url));
/** Folder of the reports of test programs. */
export const reports = join(cache, 'reports');

/** State of the machine and of earlier steps. */
export interface Context {
  /** Why Node has no GPU, or null if it has one; determined once. */
  readonly nodeGpuMissing: () => string | null;
  /** Needs that are missing and could not be installed. */
  readonly lacking: readonly Need[];
  /** Why they could not be installed. */
  readonly notInstalled: string;
  /** Names of failed steps. */
  readonly failed: ReadonlySet<string>;
}

export interface Step {
  readonly name: string;
  readonly title: string;
  readonly needs: readonly Need[];
  /** False for steps that pass or fail as a whole. */
  readonly hasTests: boolean;
  run(context: Context, output: StepOutput): Promise<Outcome>;
}

/** Steps that run beside one another, because each alone leaves a core idle for part of its time. */
export interface StepGroup {
  readonly steps: readonly Step[];
  /** Number of steps that run at the same time; the next begins when one ends. */
  readonly atOnce: number;
}

/** All steps, in order, those that take longest first. A group begins when the one before has ended. */
export const groups: readonly StepGroup[] = [
  {
    atOnce: 3,
    steps: [
      {
        name: 'gpu',
        title: 'GPU tests (WGSL in Node)',
        needs: ['vulkan', 'mesa'],
        hasTests: true,
        run: async ({ nodeGpuMissing }, output) => {
          const reason = nodeGpuMissing();
          return reason === null ? vitest(output, 'gpu') : skippedGpuTests(output, reason);
        },
      },
      {
        name: 'unit',
        title: 'Unit tests (Node)',
        needs: [],
        hasTests: true,
        run: (_, output) => vitest(output, 'unit'),
      },
      {
        name: 'conformance',
        title: "Conformance (the original program's numbers, on both backends)",
        needs: ['vulkan', 'mesa'],
        hasTests: true,
        run: async ({ nodeGpuMissing }, output) => {
          const cpu = await conformance(output, 'cpu');
          const reason = nodeGpuMissing();
          if (reason === null) return sum([cpu, await conformance(output, 'webgpu')]);
          const skipped = Math.max(1, cpu.passed + cpu.failed);
          return sum([cpu, { ...nothing, skipped, untested: [`conformance on the GPU: ${reason}`] }]);
        },
      },
      {
        name: 'lint',
        title: 'Style (eslint, prettier)',
        needs: [],
        hasTests: false,
        run: async (_, output) => {
          const [eslint, prettier] = await Promise.all([
            program(output, 'eslint', ['.']),
            program(output, 'prettier', ['--check', '--log-level', 'warn', '.']),
          ]);
          return sum([whole('lint: eslint', eslint === 0), whole('lint: prettier', prettier === 0)]);
        },
      },
      {
        name: 'types',
        title: 'Types (tsc)',
        needs: [],
        hasTests: false,
        run: async (_, output) => whole('types: tsc -b', (await program(output, 'tsc', ['-b'])) === 0),
      },
      {
        name: 'build',
        title: 'Build (vite)',
        needs: [],
        hasTests: false,
        run: async (_, output) => {
          const { status } = await output.run('npm', ['run', '--silent', 'build']);
          return whole('build: vite build', status === 0);
        },
      },
    ],
  },
  {
    atOnce: 2,
    steps: [
      {
        name: 'page',
        title: 'The page (Playwright)',
        needs: [
          'chromium',
          'headlessShell',
          'vulkan',
          'mesa',
          'compiler',
          'ffmpeg',
          'metadata',
          'webp',
          'nginx',
        ],
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
    ],
  },
];

/** Appends to a reason why a missing package was not installed, if it needs one. */
export function because(
  reason: string,
  needs: readonly Need[],
  lacking: readonly Need[],
  notInstalled: string,
): string {
  return needs.some((need) => lacking.includes(need)) ? `${reason} (${notInstalled})` : reason;
}

/** Runs a program of node_modules. Returns its exit status. */
async function program(
  output: StepOutput,
  name: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<number> {
  return (await output.run(join(root, 'node_modules/.bin', name), args, env)).status;
}

async function vitest(output: StepOutput, project: string): Promise<Outcome> {
  const file = join(reports, `${project}.json`);
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
  const status = await program(output, 'vitest', ['run', '--project', project, ...reporters]);
  return withStatus(existsSync(file) ? readVitest(readJson(file), root) : nothing, project, status);
}

async function skippedGpuTests(output: StepOutput, reason: string): Promise<Outcome> {
  output.print(`Skipped: ${reason}.`);
  const file = join(reports, 'gpu-list.json');
  // Static parsing only, because loading these files requires a GPU.
  const args = ['list', '--project', 'gpu', '--staticParse', `--json=${file}`];
  await run(join(root, 'node_modules/.bin/vitest'), args, { output: 'collect' });
  const tests = existsSync(file) ? v.parse(v.array(v.unknown()), readJson(file)).length : 1;
  return { ...nothing, skipped: tests, untested: [`the WGSL kernels: ${reason}`] };
}

async function conformance(output: StepOutput, backend: 'cpu' | 'webgpu'): Promise<Outcome> {
  const args = ['run', '--silent', 'conformance', '--', 'tests/golden/shapes', '--backend', backend];
  output.print(`On ${backend}:`);
  const { status, output: lines } = await output.run('npm', args);
  const name = `conformance on ${backend}`;
  return withStatus(readConformance(lines, name), name, status);
}

/** Page tests that are skipped without a program. */
const untestedWithout: readonly (readonly [Need, string])[] = [
  ['ffmpeg', 'exported animations, read back by another program'],
  ['nginx', 'the page behind a server that is not configured for it'],
];

async function page({ failed, lacking, notInstalled }: Context, output: StepOutput): Promise<Outcome> {
  if (failed.has('build')) {
    const untested = ['the page: it could not be built'];
    return { ...nothing, skipped: await countPageTests(null), untested };
  }
  if (!existsSync(join(root, 'dist/index.html'))) {
    output.print('There is no built page. Run "npm run build" first, or "npm test -- build page".');
    return whole('page: there is no built page', false);
  }
  const { machines, missing: absent } = await prepareMachines();
  const outcomes: Outcome[] = [];
  for (const { name, reason } of absent) {
    const cause = because(reason, ['chromium', 'vulkan', 'mesa', 'compiler'], lacking, notInstalled);
    output.print(`Skipped on ${name}: ${cause}.`);
    const untested = [`the page on ${name}: ${cause}`];
    outcomes.push({ ...nothing, skipped: await countPageTests(name), untested });
  }
  if (machines.length > 0) {
    const file = join(reports, 'page.json');
    const status = await program(output, 'playwright', ['test', '--reporter=list,json'], {
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

async function engines({ failed, lacking, notInstalled }: Context, output: StepOutput): Promise<Outcome> {
  if (failed.has('build') || !existsSync(join(root, 'dist/index.html'))) {
    return { ...nothing, skipped: 1, untested: ['the page in Firefox and WebKitGTK: it is not built'] };
  }
  const untested = untestedEngines
    .filter(([need]) => lacking.includes(need))
    .map(([, what]) => `${what}: ${notInstalled}`);
  return sum([await vitest(output, 'engines'), { ...nothing, untested }]);
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

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8'));
}
