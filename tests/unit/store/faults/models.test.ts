import { beforeAll, describe, expect, it } from 'vitest';
import { MemoryModels } from '../../../support/install/model-storage.ts';
import { base } from '../../../support/install/tiny-source.ts';
import { failEachKindOfCall } from '../../../support/storage/faults.ts';
import type { WantedModel } from '../../../../src/store/index.ts';
import { Rig, until } from '../rig.ts';
import { faults, press } from './visits.ts';

const wanted: WantedModel = { kind: 'manifest', url: `${base}tiny/model.json` };
const id = 'hub.test-tiny';

/** Resolves when no download runs and the list of installed models has been read again. */
async function whenStill({ stores: { models } }: Rig): Promise<void> {
  await until(models, ({ fetch }) => fetch?.phase !== 'running' && fetch?.phase !== 'waiting');
  await models.refresh();
}

async function get(rig: Rig): Promise<void> {
  rig.stores.models.get(wanted, 'Tiny');
  await whenStill(rig);
}

/** Resumes a download that failed or was interrupted; starts one if the model is not installed. */
async function resume(rig: Rig): Promise<void> {
  const { models } = rig.stores;
  if (models.getState().fetch) models.resume();
  else if (models.getState().installed?.[0]?.state !== 'complete') models.get(wanted, 'Tiny');
  await whenStill(rig);
}

async function pauseAndResume(rig: Rig): Promise<void> {
  const { models } = rig.stores;
  models.get(wanted, 'Tiny');
  models.pause();
  await models.refresh();
  models.resume();
  await whenStill(rig);
}

/** Detects a damaged model and repairs it. */
async function repair(rig: Rig): Promise<void> {
  await rig.stores.models.verify(id);
  press(rig, 'Repair');
  await whenStill(rig);
}

const repairOn = (rig: Rig) => (rig.stores.models.getState().fetch ? resume(rig) : repair(rig));

interface Action {
  readonly name: string;
  readonly installed: 'whole' | 'damaged' | null;
  readonly act: (rig: Rig) => Promise<void>;
  readonly again: (rig: Rig) => Promise<void>;
  /** Whether the model is installed in the end. */
  readonly there: boolean;
}

const remove = (rig: Rig) => rig.stores.models.remove(id);

const actions: readonly Action[] = [
  { name: 'downloading a model', installed: null, act: get, again: resume, there: true },
  {
    name: 'pausing and resuming a download',
    installed: null,
    act: pauseAndResume,
    again: resume,
    there: true,
  },
  { name: 'repairing a model', installed: 'damaged', act: repair, again: repairOn, there: true },
  { name: 'removing a model', installed: 'whole', act: remove, again: remove, there: false },
];

const whole = new MemoryModels();
beforeAll(async () => {
  await get(new Rig(new Map(), undefined, whole));
  expect(whole.files.contents(id).size).toBeGreaterThan(0);
}, 60_000);

/** A device with or without an installed model. */
function deviceWith(installed: Action['installed']): MemoryModels {
  const models = new MemoryModels();
  if (installed) models.files.disk.copy(whole.files.disk);
  if (installed === 'damaged') {
    const weights = models.files.read(id, 'unet/diffusion_pytorch_model.safetensors');
    weights[5000] = (weights[5000] ?? 0) ^ 1;
  }
  return models;
}

describe.each(faults)('when any storage call fails (%s %o)', (fault, options) => {
  it.each(actions)(
    '$name: reports the error or succeeds, and succeeds when retried, also on the next visit',
    async ({ installed, act, again, there }) => {
      const expected = whole.files.contents(id);
      const isDone = async (rig: Rig) => {
        await rig.stores.models.refresh();
        const found = rig.stores.models.getState().installed?.map(({ state }) => state);
        if (!there) return found?.length === 0;
        const contents = rig.models.files.contents(id);
        return (
          found?.[0] === 'complete' && [...expected].every(([name, bytes]) => contents.get(name) === bytes)
        );
      };
      let attempts = 0;
      await failEachKindOfCall(
        fault,
        async (arm) => {
          // One after the other: concurrently, each would take twice as long.
          const isNextVisit = attempts++ % 2 === 1;
          const models = deviceWith(installed);
          const localStorage = new Map<string, string>();
          const rig = new Rig(localStorage, undefined, models);
          await rig.stores.models.refresh();
          arm(models.files.disk.faults);
          await act(rig);
          models.files.disk.faults.disarm();
          const errors = rig.stores.notices.getState().notices.filter(({ kind }) => kind === 'error');
          let next = rig;
          if (isNextVisit) {
            rig.killModels('The page is gone.');
            models.files.die();
            next = new Rig(localStorage, undefined, models);
            await next.stores.models.begin();
          }
          if (!(await isDone(next))) {
            expect(errors, 'the page reports the error').not.toEqual([]);
            await again(next);
            expect(
              await isDone(next),
              `done after retrying ${isNextVisit ? 'on the next visit' : 'in the same visit'}`,
            ).toBe(true);
          }
          expect(models.files.writers, 'files left open').toBe(0);
          if (!there) expect(models.files.disk.paths()).toEqual([]);
        },
        options,
      );
    },
    600_000,
  );
});
