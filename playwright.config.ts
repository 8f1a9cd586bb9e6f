import { defineConfig } from '@playwright/test';
import type { RigOptions } from './tests/page/fixtures.ts';
import { machineNames, readRig } from './tests/rig/machines.ts';

const address = 'http://127.0.0.1:4319';

const rig = readRig();
if (rig === null) throw new Error('The test browsers are not ready. Run "npm test -- prepare" once.');

/** DRIFT_ALL_MACHINES is for listing tests only: it also names machines that are not available here. */
const machines = machineNames.flatMap((name) => {
  const machine = rig.machines.find((candidate) => candidate.name === name);
  if (machine !== undefined) return [machine];
  return process.env['DRIFT_ALL_MACHINES'] === '1' ? [{ name, executablePath: '', args: [], env: {} }] : [];
});

/**
 * The built page in a real browser, once for each kind of machine that users have. A test that is tagged with
 * names of machines (`@float16`, `@float32`, `@cpu`) runs only on these; one without such a tag runs on all.
 */
export default defineConfig<RigOptions>({
  testDir: 'tests/page',
  testMatch: '**/*.spec.ts',
  globalSetup: './tests/page/serve-patterns.ts',
  // One browser at a time: software GPUs use every core there is.
  workers: 1,
  retries: 0,
  forbidOnly: true,
  reporter: 'list',
  // The first run of a network compiles its shaders, which takes software GPUs long.
  timeout: 300_000,
  expect: { timeout: 120_000, toHaveScreenshot: { maxDiffPixelRatio: 0.0005 } },
  snapshotPathTemplate: '{testDir}/looks/{arg}{ext}',
  // Other tests change answers of the server, which the service worker would not ask.
  use: { baseURL: address, trace: 'retain-on-failure', serviceWorkers: 'block' },
  webServer: {
    command: 'npm run --silent preview -- --host 127.0.0.1 --port 4319 --strictPort',
    url: address,
    reuseExistingServer: false,
  },
  projects: machines.map((machine) => ({
    name: machine.name,
    grepInvert: new RegExp(`^(?!.*@${machine.name}\\b)(?=.*@(${machineNames.join('|')})\\b)`, 's'),
    use: {
      machine: machine.name,
      launchOptions: {
        executablePath: machine.executablePath,
        args: machine.args,
        env: { ...process.env, ...machine.env },
      },
    },
  })),
});
