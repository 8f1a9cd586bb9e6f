import { defineConfig } from '@playwright/test';
import type { RigOptions, WorkerOptions } from './tests/page/fixtures.ts';
import { machineNames, readRig } from './tests/rig/machines.ts';

const address = 'http://127.0.0.1:4319';

const rig = readRig();
if (rig === null) throw new Error('The test browsers are not ready. Run "npm test -- prepare" once.');

/** DRIFT_ALL_MACHINES is for listing tests only: it also names machines that are not available here. */
const available = machineNames.flatMap((name) => {
  const machine = rig.machines.find((candidate) => candidate.name === name);
  if (machine !== undefined) return [machine];
  return process.env['DRIFT_ALL_MACHINES'] === '1'
    ? [{ name, executablePath: '', wholeBrowser: '', args: [], env: {} }]
    : [];
});

/**
 * Raises the number of calls after which V8 optimises a function of WebAssembly, which takes longer than the few frames
 * of a test.
 */
const fewerOptimisations = '--js-flags=--wasm-tiering-budget=200000000';

/** The slower software GPU runs last, so that no two of them run at the same time. */
const machines = available.toSorted((a, b) => Number(a.name === 'float32') - Number(b.name === 'float32'));

/**
 * The built page in a real browser, once for each kind of machine that users have. A test that is tagged with
 * names of machines (`@float16`, `@float32`, `@cpu`) runs only on these; one without such a tag runs on all.
 */
export default defineConfig<RigOptions, WorkerOptions>({
  testDir: 'tests/page',
  testMatch: '**/*.spec.ts',
  globalSetup: './tests/page/serve-patterns.ts',
  // Two browsers fill two cores: a page waits for its model's files, its storage or its worker half of the time.
  workers: 2,
  retries: 0,
  forbidOnly: true,
  reporter: 'list',
  // The first run of a network compiles its shaders, which takes software GPUs long.
  timeout: 600_000,
  expect: { timeout: 120_000, toHaveScreenshot: { maxDiffPixelRatio: 0.0005 } },
  snapshotPathTemplate: '{testDir}/looks/{arg}{ext}',
  use: {
    baseURL: address,
    // A trace (`--trace=retain-on-failure`) costs half as much time again, also for the tests that pass.
    trace: 'off',
    screenshot: 'only-on-failure',
    // Other tests change answers of the server, which the service worker would not ask.
    serviceWorkers: 'block',
  },
  webServer: {
    command: 'npm run --silent preview -- --host 127.0.0.1 --port 4319 --strictPort',
    url: address,
    reuseExistingServer: false,
  },
  projects: machines.map((machine) => ({
    name: machine.name,
    // Software GPUs use every core there is.
    ...(machine.name !== 'cpu' && { workers: 1 }),
    grepInvert: new RegExp(`^(?!.*@${machine.name}\\b)(?=.*@(${machineNames.join('|')})\\b)`, 's'),
    use: {
      machine: machine.name,
      allCores: machine.name !== 'cpu',
      // Transitions and the moving examples cost a twentieth of the processor time of most tests.
      contextOptions: { reducedMotion: machine.name === 'cpu' ? 'reduce' : 'no-preference' },
      launchOptions: {
        executablePath: machine.executablePath,
        args: machine.name === 'cpu' ? [...machine.args, fewerOptimisations] : machine.args,
        env: { ...process.env, ...machine.env },
      },
    },
  })),
});
