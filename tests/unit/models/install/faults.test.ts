import { beforeAll, describe, expect, it } from 'vitest';
import { DriftError } from '../../../../src/base/index.ts';
import {
  install,
  listInstalled,
  removeInstalled,
  verifyInstalled,
} from '../../../../src/models/install/index.ts';
import type { InstallOptions } from '../../../../src/models/install/index.ts';
import { fakeClock } from '../../../support/install/clock.ts';
import { MemoryFiles } from '../../../support/install/memory-files.ts';
import { base, tinyWeb } from '../../../support/install/tiny-source.ts';
import { failEachCall } from '../../../support/storage/faults.ts';
import type { StorageFault } from '../../../support/storage/faults.ts';

function rig() {
  const { web, source } = tinyWeb();
  const files = new MemoryFiles();
  const clock = fakeClock();
  const options: InstallOptions = {
    base,
    chunkLength: 65_536,
    connections: 1,
    fetch: web.fetch,
    wait: clock.wait,
    random: clock.random,
    now: clock.now,
  };
  return { web, source, files, options };
}

const installed = new MemoryFiles();
let expected: ReadonlyMap<string, string>;
beforeAll(async () => {
  const { source, options } = rig();
  await install(source, installed, options);
  expected = installed.contents('tiny');
}, 60_000);

/** Like `rig`, with the model installed. */
function installedRig(): ReturnType<typeof rig> {
  const parts = rig();
  parts.files.disk.copy(installed.disk);
  return parts;
}

/** The DriftError that a promise rejects with, or null if it resolves. Fails for other errors, which users cannot read. */
async function settled(work: Promise<unknown>): Promise<DriftError | null> {
  try {
    await work;
    return null;
  } catch (error) {
    expect(error).toBeInstanceOf(DriftError);
    return error instanceof DriftError ? error : null;
  }
}

/** After a fault: no file is open, the list can be read, and installing again completes the model. */
async function expectComplete({ source, files, options }: ReturnType<typeof rig>): Promise<void> {
  files.disk.faults.disarm();
  expect(files.writers, 'files left open').toBe(0);
  await listInstalled(files);
  await install(source, files, options);
  expect(files.contents('tiny')).toEqual(expected);
  expect(await verifyInstalled(files, 'tiny')).toEqual([]);
  expect(files.writers).toBe(0);
}

const faults: [StorageFault, { lasts: boolean }][] = [
  ['full', { lasts: false }],
  ['full', { lasts: true }],
  ['vanished', { lasts: false }],
  ['broken', { lasts: false }],
  ['broken', { lasts: true }],
];

describe.each(faults)('when any storage call fails (%s %o)', (fault, options) => {
  it('install: reports the error or succeeds, and completes the model when retried', async () => {
    const calls = await failEachCall(
      fault,
      async (arm) => {
        const parts = rig();
        arm(parts.files.disk.faults);
        const error = await settled(install(parts.source, parts.files, parts.options));
        if (parts.files.disk.faults.failed === null) expect(error).toBeNull();
        if (error === null) expect(parts.files.contents('tiny')).toEqual(expected);
        await expectComplete(parts);
      },
      options,
    );
    expect(calls).toBeGreaterThan(5);
  });

  it('repair: reports the error or succeeds, and completes the model when retried', async () => {
    await failEachCall(
      fault,
      async (arm) => {
        const parts = installedRig();
        const { source, files } = parts;
        const weights = files.read('tiny', 'unet/diffusion_pytorch_model.safetensors');
        weights[5000] = (weights[5000] ?? 0) ^ 1;
        arm(files.disk.faults);
        await settled(verifyInstalled(files, 'tiny').then(() => install(source, files, parts.options)));
        await expectComplete(parts);
      },
      options,
    );
  });

  it('remove: reports the error or succeeds, and leaves nothing when retried', async () => {
    await failEachCall(
      fault,
      async (arm) => {
        const { files } = installedRig();
        arm(files.disk.faults);
        await settled(removeInstalled(files, 'tiny'));
        files.disk.faults.disarm();
        await removeInstalled(files, 'tiny');
        expect(files.disk.paths()).toEqual([]);
        expect(await listInstalled(files)).toEqual([]);
      },
      options,
    );
  });
});
