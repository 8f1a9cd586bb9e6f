import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SettingsError } from '../../../src/base/index.ts';
import { createSchedule, timestepFeatures } from '../../../src/diffusion/index.ts';
import type { NoiseSchedule } from '../../../src/diffusion/index.ts';
import { golden, goldenChecks, relativeError } from '../compute/support.ts';

const stableDiffusion: NoiseSchedule = {
  betaStart: 0.00085,
  betaEnd: 0.012,
  betaSchedule: 'scaled_linear',
  trainTimesteps: 1000,
  prediction: 'epsilon',
  spacing: 'linspace',
  stepsOffset: 0,
};

const predictions = ['epsilon', 'v_prediction', 'sample'] as const;

const anySchedule = fc
  .record({
    betaStart: fc.double({ min: 1e-5, max: 5e-3, noNaN: true }),
    rise: fc.double({ min: 1, max: 10, noNaN: true }),
    betaSchedule: fc.constantFrom('scaled_linear', 'linear'),
    trainTimesteps: fc.integer({ min: 2, max: 1200 }),
    prediction: fc.constantFrom(...predictions),
    spacing: fc.constant('linspace' as const),
    stepsOffset: fc.constant(0),
  })
  .map(({ rise, betaStart, ...rest }): NoiseSchedule => ({ ...rest, betaStart, betaEnd: betaStart * rise }));
/** Number of schedules to test, because they are long. */
const some = { numRuns: 40 };
/** Arbitrary schedule with a valid number of steps. */
const anyRun = anySchedule.chain((schedule) =>
  fc.record({
    schedule: fc.constant(schedule),
    count: fc.integer({ min: 1, max: schedule.trainTimesteps }),
  }),
);

/** Signal and noise coefficients at a sigma. */
const mixture = (sigma: number) => {
  const alpha = 1 / Math.sqrt(1 + sigma ** 2);
  return { alpha, noise: sigma * alpha };
};

/** Integrates from a sample over some steps, or to the end; the network gets the sample and the sigma. */
function solve(
  schedule: NoiseSchedule,
  count: number,
  start: number,
  network: (sample: number, sigma: number) => number,
  through = count,
): number {
  const { steps, sigmas } = createSchedule(schedule, count);
  let sample = start;
  let previousX0 = 0;
  for (const [index, step] of steps.slice(0, through).entries()) {
    const x0 = step.x0FromSample * sample + step.x0FromOutput * network(sample, sigmas[index] ?? 0);
    sample = step.sampleWeight * sample + step.x0Weight * x0 + step.previousWeight * previousX0;
    previousX0 = x0;
  }
  return sample;
}

describe('createSchedule', () => {
  it.each(goldenChecks('scheduler'))('agrees with diffusers: $name', async ({ steps, ...check }) => {
    const { timesteps, sigmas } = createSchedule(stableDiffusion, steps);
    expect(timesteps).toEqual([...(await golden.array(check.timesteps)).data]);
    expect(relativeError(sigmas, (await golden.array(check.sigmas)).data)).toBeLessThan(1e-6);
  });

  it.each([
    // NumPy, as in `DPMSolverMultistepScheduler.set_timesteps`: arange(0, n + 1) · (1000 // (n + 1)), reversed, + offset.
    ['leading', 0, 5, [830, 664, 498, 332, 166]],
    ['leading', 1, 5, [831, 665, 499, 333, 167]],
    ['leading', 1, 1, [501]],
    // arange(1000, 0, -1000 / n), rounded, - 1.
    ['trailing', 0, 5, [999, 799, 599, 399, 199]],
    ['trailing', 1, 3, [999, 666, 332]],
    ['trailing', 0, 1, [999]],
  ] as const)(
    'spaces timesteps as diffusers does: %s, offset %i, %i steps',
    (spacing, stepsOffset, count, expected) => {
      const { timesteps, sigmas } = createSchedule({ ...stableDiffusion, spacing, stepsOffset }, count);
      expect(timesteps).toEqual(expected);
      const all = createSchedule(stableDiffusion, 1000);
      const sigmaAt = new Map(all.timesteps.map((timestep, index) => [timestep, all.sigmas[index]]));
      expect(sigmas.slice(0, -1)).toEqual(expected.map((timestep) => sigmaAt.get(timestep)));
    },
  );

  it('starts at the last training timestep; timesteps and sigmas decrease, sigmas to 0', () => {
    fc.assert(
      fc.property(anyRun, ({ schedule, count }) => {
        const { timesteps, sigmas, steps } = createSchedule(schedule, count);
        expect([timesteps.length, sigmas.length, steps.length]).toEqual([count, count + 1, count]);
        expect(timesteps[0]).toBe(schedule.trainTimesteps - 1);
        expect(sigmas.at(-1)).toBe(0);
        // With as many steps as timesteps, this spacing would contain one timestep twice.
        const twice = count === schedule.trainTimesteps;
        for (const [index, timestep] of timesteps.entries()) {
          expect(Number.isInteger(timestep) && timestep >= 0).toBe(true);
          const next = timesteps[index + 1];
          if (next !== undefined && !twice) expect(next).toBeLessThan(timestep);
          if (next !== undefined) expect(next).toBeLessThanOrEqual(timestep);
          expect(sigmas[index + 1] === sigmas[index]).toBe(next === timestep);
          expect(sigmas[index + 1]).toBeLessThanOrEqual(sigmas[index] ?? 0);
        }
      }),
      some,
    );
  });

  it('is the same for every prediction type, except for the weights of x0', () => {
    const [epsilon, ...others] = predictions.map((prediction) =>
      createSchedule({ ...stableDiffusion, prediction }, 20),
    );
    for (const other of others) {
      expect({ ...other, steps: [] }).toEqual({ ...epsilon, steps: [] });
      for (const [index, step] of other.steps.entries()) {
        const { sampleWeight, x0Weight, previousWeight } = step;
        expect(epsilon?.steps[index]).toMatchObject({ sampleWeight, x0Weight, previousWeight });
      }
    }
  });

  it.each([0, -1, 1001, 1.5, Number.NaN, Infinity])('rejects %d steps', (count) => {
    expect(() => createSchedule(stableDiffusion, count)).toThrow(SettingsError);
    expect(() => createSchedule(stableDiffusion, count)).toThrow(
      expect.objectContaining({
        code: 'steps-invalid',
        remedy: 'Use a whole number from 1 to 1000.',
        details: { setting: 'steps', value: count },
      }),
    );
  });
});

describe('the solver', () => {
  it('stays on the line between picture and noise at every step when the network is exact', () => {
    const value = fc.double({ min: -3, max: 3, noNaN: true });
    fc.assert(
      fc.property(anyRun, value, value, ({ schedule, count }, picture, epsilon) => {
        const { steps, sigmas } = createSchedule(schedule, count);
        for (const [index, step] of steps.entries()) {
          const here = mixture(sigmas[index] ?? 0);
          const there = mixture(sigmas[index + 1] ?? 0);
          const sample = here.alpha * picture + here.noise * epsilon;
          const output = {
            epsilon,
            v_prediction: here.alpha * epsilon - here.noise * picture,
            sample: picture,
          }[schedule.prediction];
          const x0 = step.x0FromSample * sample + step.x0FromOutput * output;
          expect(x0).toBeCloseTo(picture, 6);
          const next = step.sampleWeight * sample + step.x0Weight * picture + step.previousWeight * picture;
          expect(next).toBeCloseTo(there.alpha * picture + there.noise * epsilon, 8);
        }
      }),
      some,
    );
  });

  it('returns the x0 of the last step', () => {
    fc.assert(
      fc.property(anyRun, ({ schedule, count }) => {
        const last = createSchedule(schedule, count).steps.at(-1);
        expect(last).toMatchObject({ sampleWeight: 0, x0Weight: 1, previousWeight: 0 });
      }),
      some,
    );
  });

  it('uses the previous x0 in all steps but the first and the last', () => {
    const { steps } = createSchedule(stableDiffusion, 10);
    expect(steps.map(({ previousWeight }) => previousWeight !== 0)).toEqual([
      false,
      ...Array.from({ length: 8 }, () => true),
      false,
    ]);
  });

  describe('with the exact network for normally distributed pictures', () => {
    const perfect = (mean: number, deviation: number) => (sample: number, sigma: number) => {
      const { alpha, noise } = mixture(sigma);
      return (noise * (sample - alpha * mean)) / (alpha ** 2 * deviation ** 2 + noise ** 2);
    };
    /** Standard deviation of the samples: distances from their mean shrink by the same factor. */
    const spread = (deviation: number, sigma: number) => {
      const { alpha, noise } = mixture(sigma);
      return Math.hypot(alpha * deviation, noise);
    };
    const [top = 0] = createSchedule(stableDiffusion, 1).sigmas;
    const deviations = [0.3, 0.6, 1, 2];

    it('finds the mean exactly', () => {
      const start = mixture(top).alpha;
      for (const count of [1, 2, 3, 10, 50, 1000]) {
        for (const deviation of deviations) {
          expect(solve(stableDiffusion, count, start, perfect(1, deviation))).toBeCloseTo(1, 9);
        }
      }
    });

    it.each(deviations)('approximates the deviation %d better with more steps', (deviation) => {
      const errors = [1, 5, 10, 20, 40, 80, 160, 320, 640].map((count) => {
        const found = solve(stableDiffusion, count, spread(deviation, top), perfect(0, deviation));
        return Math.abs(found / deviation - 1);
      });
      for (const [index, error] of errors.slice(1).entries()) {
        expect(error).toBeLessThan(errors[index] ?? 0);
      }
      // The noise of the first training timestep remains.
      expect(errors.at(-1)).toBeLessThan(2e-3 / deviation ** 2);
    });

    it.each(deviations)('is of second order on the way, for deviation %d', (deviation) => {
      const errors = [20, 40, 80].map((count) => {
        const middle = createSchedule(stableDiffusion, count).sigmas[count / 2] ?? 0;
        const found = solve(stableDiffusion, count, spread(deviation, top), perfect(0, deviation), count / 2);
        return Math.abs(found / spread(deviation, middle) - 1);
      });
      for (const [index, error] of errors.slice(1).entries()) {
        expect((errors[index] ?? 0) / error).toBeGreaterThan(3);
      }
    });
  });

  it('gives the same samples for equivalent networks of every prediction type', () => {
    const believed = (sample: number, sigma: number) => Math.sin(3 * sample) + 0.1 * sigma;
    const networks = {
      epsilon: believed,
      v_prediction: (sample: number, sigma: number) => {
        const { alpha, noise } = mixture(sigma);
        const epsilon = believed(sample, sigma);
        return alpha * epsilon - (noise * (sample - noise * epsilon)) / alpha;
      },
      sample: (sample: number, sigma: number) => {
        const { alpha, noise } = mixture(sigma);
        return (sample - noise * believed(sample, sigma)) / alpha;
      },
    };
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.double({ min: -3, max: 3, noNaN: true }),
        (count, start) => {
          const [epsilon = 0, ...others] = predictions.map((prediction) =>
            solve({ ...stableDiffusion, prediction }, count, start, networks[prediction]),
          );
          for (const other of others) {
            expect(Math.abs(other - epsilon)).toBeLessThan(1e-7 * (1 + Math.abs(epsilon)));
          }
        },
      ),
    );
  });

  it('can take as many steps as there are timesteps', () => {
    const { steps } = createSchedule(stableDiffusion, 1000);
    for (const step of steps) expect(Object.values(step).every(Number.isFinite)).toBe(true);
    expect(Math.abs(solve(stableDiffusion, 1000, 1, () => 0.5))).toBeLessThan(1000);
  });
});

describe('timestepFeatures', () => {
  const encoding = { width: 8, cosineFirst: true, frequencyShift: 0 };

  it('are cosines and sines of frequencies from 1 down to a ten thousandth', () => {
    const frequencies = [1, 10 ** -1, 10 ** -2, 10 ** -3];
    const features = timestepFeatures(421, encoding);
    const expected = [
      ...frequencies.map((frequency) => Math.cos(421 * frequency)),
      ...frequencies.map((frequency) => Math.sin(421 * frequency)),
    ];
    expect(features).toHaveLength(8);
    for (const [index, value] of expected.entries()) expect(features[index]).toBeCloseTo(value, 6);
  });

  it('can have the sines first', () => {
    const turned = [...timestepFeatures(421, { ...encoding, cosineFirst: false })];
    const features = [...timestepFeatures(421, encoding)];
    expect(turned).toEqual([...features.slice(4), ...features.slice(0, 4)]);
  });

  it('can have the last frequency shifted to exactly a ten thousandth', () => {
    const features = timestepFeatures(1000, { ...encoding, frequencyShift: 1 });
    expect(features[3]).toBeCloseTo(Math.cos(0.1), 6);
    expect(features[7]).toBeCloseTo(Math.sin(0.1), 6);
  });

  it('of an odd width end in a zero', () => {
    const features = timestepFeatures(421, { ...encoding, width: 9 });
    expect([...features]).toEqual([...timestepFeatures(421, encoding), 0]);
  });

  it('of timestep 0 are ones and zeros', () => {
    expect([...timestepFeatures(0, encoding)]).toEqual([1, 1, 1, 1, 0, 0, 0, 0]);
  });
});
