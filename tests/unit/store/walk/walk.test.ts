import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Edit, Fault, Step, Undo } from './steps.ts';
import { Walk } from './walk.ts';

/**
 * How many walks are taken, and from which seed: the same each time, so that a change is judged by what it changed.
 * `DRIFT_WALKS=2000 DRIFT_SEED=$RANDOM npx vitest run tests/unit/store/walk` takes others.
 */
const numRuns = Number(process.env['DRIFT_WALKS'] ?? 100);
const seed = Number(process.env['DRIFT_SEED'] ?? 20_261_126);

const share = fc.double({ min: 0, max: 0.999, noNaN: true });
const undo = fc.constantFrom<Undo>(false, false, 'notice', 'keys', 'hasty keys');
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('generate' as const),
      frames: fc.integer({ min: 1, max: 4 }),
      end: fc.constantFrom('done' as const, 'done', 'done', 'stopped', 'lost'),
      at: fc.integer({ min: 1, max: 4 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('pick' as const),
      rolls: fc.integer({ min: 0, max: 2 }),
      variant: fc.integer({ min: 0, max: 1 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('goBack' as const), to: share }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('deleteFrames' as const), from: share, undo }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('edit' as const),
      how: fc.constantFrom<Edit>('delete', 'duplicate', 'hold', 'move on', 'keep only'),
      from: share,
      to: share,
      undo: fc.constantFrom<Exclude<Undo, 'notice'>>(false, false, 'keys', 'hasty keys'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('remake' as const), at: share }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('choose' as const),
      value: fc.integer({ min: 1, max: 250 }),
      undo,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('startOver' as const), undo }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('resize' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('leave' as const) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('open' as const), which: share }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('rename' as const),
      which: share,
      name: fc.constantFrom('Reef', 'Dunes', 'Moss'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('duplicate' as const), which: share }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('delete' as const), which: share, undo }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('export' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('reload' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('die' as const),
      worker: fc.constantFrom('media' as const, 'projects', 'diffusion'),
    }),
  },
);
const fault: fc.Arbitrary<Fault | null> = fc.option(
  fc.record({ fault: fc.constantFrom('full' as const, 'broken'), nth: fc.integer({ min: 1, max: 12 }) }),
  { freq: 4 },
);

it('random walks: stores and shows what the model of the app predicts, whatever is done and whatever fails', async () => {
  let steps = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ step, fault }), { minLength: 10, maxLength: 50, size: 'max' }),
      async (taken) => {
        const walk = new Walk();
        await walk.begin();
        for (const { step: next, fault: failing } of taken) {
          await walk.take(next, failing);
          steps++;
        }
        await walk.end();
      },
    ),
    { numRuns, seed, endOnFailure: false, interruptAfterTimeLimit: 3_000_000 },
  );
  expect(steps).toBeGreaterThan(numRuns * 10);
  console.info(`${steps} steps of ${numRuns} walks, seed ${seed}`);
}, 3_600_000);
