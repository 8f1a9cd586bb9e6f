import { SettingsError } from '../base/index.ts';
import type { SolverStep } from '../compute/index.ts';

/** Noise schedule that a network was trained with. */
export interface NoiseSchedule {
  readonly betaStart: number;
  readonly betaEnd: number;
  readonly betaSchedule: 'scaled_linear' | 'linear';
  readonly trainTimesteps: number;
  readonly prediction: 'epsilon' | 'v_prediction' | 'sample';
  /** Distribution of a run's timesteps over those of training; see `timestepsOf`. */
  readonly spacing: 'linspace' | 'leading' | 'trailing';
  /** Added to each timestep if `spacing` is `leading`. */
  readonly stepsOffset: number;
}

/** Precomputed parameters of a denoising run. */
export interface Schedule {
  /** Timestep of each evaluation, decreasing. */
  readonly timesteps: readonly number[];
  /** Noise-to-signal ratio at each timestep, followed by 0. */
  readonly sigmas: readonly number[];
  /** Solver step after each evaluation. */
  readonly steps: readonly SolverStep[];
}

/** √((1 - ᾱ)/ᾱ) for every training timestep, where ᾱ is the cumulative product of 1 - β. */
function trainingSigmas({ betaStart, betaEnd, betaSchedule, trainTimesteps }: NoiseSchedule): number[] {
  const root = betaSchedule === 'scaled_linear';
  const from = root ? Math.sqrt(betaStart) : betaStart;
  const to = root ? Math.sqrt(betaEnd) : betaEnd;
  let product = 1;
  return Array.from({ length: trainTimesteps }, (_, index) => {
    const value = from + ((to - from) * index) / (trainTimesteps - 1);
    product *= 1 - (root ? value * value : value);
    return Math.sqrt((1 - product) / product);
  });
}

/** Rounds half to even, like NumPy: with two steps the middle timestep is 500, not 499. */
function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

/**
 * Timesteps of a run of `count` evaluations, decreasing, like `timestep_spacing` of diffusers 0.30.3: `linspace` divides
 * 0 … n-1 evenly and omits the last, `leading` takes multiples of ⌊n/(count+1)⌋ plus an offset, and `trailing` steps back
 * from n-1 by n/count (Lin et al. 2023, arXiv 2305.08891, table 2).
 */
function timestepsOf({ trainTimesteps: n, spacing, stepsOffset }: NoiseSchedule, count: number): number[] {
  // Rounding depends on the order of operations, which follows NumPy.
  const timestepAt = {
    linspace: (index: number) => roundHalfEven((count - index) * ((n - 1) / count)),
    leading: (index: number) => (count - index) * Math.floor(n / (count + 1)) + stepsOffset,
    trailing: (index: number) => roundHalfEven(n - index * (n / count)) - 1,
  }[spacing];
  return Array.from({ length: count }, (_, index) => Math.min(timestepAt(index), n - 1));
}

/**
 * Schedule of DPM-Solver++ (2M, midpoint) with final sigma zero (Lu et al. 2022, arXiv 2211.01095, algorithm 2;
 * `DPMSolverMultistepScheduler` of diffusers 0.30.3). The first step is first order, having no predecessor, and so is the
 * last, which goes to sigma 0.
 *
 * @param count Number of network evaluations, 1 … the number of training timesteps.
 * @throws SettingsError `steps-invalid`
 */
export function createSchedule(schedule: NoiseSchedule, count: number): Schedule {
  if (!Number.isInteger(count) || count < 1 || count > schedule.trainTimesteps) {
    throw new SettingsError('steps-invalid', `Steps cannot be ${count}.`, {
      remedy: `Use a whole number from 1 to ${schedule.trainTimesteps}.`,
      details: { setting: 'steps', value: count },
    });
  }
  const training = trainingSigmas(schedule);
  const timesteps = timestepsOf(schedule, count);
  const sigmas = [...timesteps.map((timestep) => training[timestep] ?? 0), 0];
  const steps = timesteps.map((_, index) => solverStep(sigmas, index, schedule.prediction));
  return { timesteps, sigmas, steps };
}

/** Coefficients of a sample with the given sigma: x = alpha · x0 + noise · ε, alpha² + noise² = 1. */
function mixture(sigma: number): { alpha: number; noise: number } {
  const alpha = 1 / Math.sqrt(sigma * sigma + 1);
  return { alpha, noise: sigma * alpha };
}

function solverStep(
  sigmas: readonly number[],
  index: number,
  prediction: NoiseSchedule['prediction'],
): SolverStep {
  const sigma = sigmas[index] ?? 0;
  const next = sigmas[index + 1] ?? 0;
  const here = mixture(sigma);
  const there = mixture(next);

  // λ = log(alpha / noise) = -log(sigma), so a step in λ is a ratio of sigmas; to sigma 0 it is infinite.
  const step = Math.log(sigma / next);
  const gain = there.alpha * (1 - next / sigma);
  // A predecessor at the same sigma (rounding can repeat a timestep) gives no slope either.
  const before = index > 0 && next > 0 && sigmas[index - 1] !== sigma ? sigmas[index - 1] : undefined;
  const correction = before === undefined ? 0 : (0.5 * step) / Math.log(before / sigma);

  return {
    ...predictedX0(here, prediction),
    sampleWeight: there.noise / here.noise,
    x0Weight: gain * (1 + correction),
    previousWeight: correction === 0 ? 0 : -gain * correction,
  };
}

/** Coefficients of the estimate of x0 from the network's input and output. */
function predictedX0(
  { alpha, noise }: { alpha: number; noise: number },
  prediction: NoiseSchedule['prediction'],
): Pick<SolverStep, 'x0FromSample' | 'x0FromOutput'> {
  switch (prediction) {
    case 'epsilon':
      return { x0FromSample: 1 / alpha, x0FromOutput: -noise / alpha };
    case 'v_prediction':
      return { x0FromSample: alpha, x0FromOutput: -noise };
    case 'sample':
      return { x0FromSample: 0, x0FromOutput: 1 };
  }
}

/** Parameters of a network's sinusoidal timestep embedding. */
export interface TimestepEncoding {
  readonly width: number;
  readonly cosineFirst: boolean;
  readonly frequencyShift: number;
}

/**
 * Sinusoidal timestep embedding (Vaswani et al. 2017; `get_timestep_embedding` of diffusers): `width` numbers; an odd
 * width ends with a zero.
 */
export function timestepFeatures(timestep: number, encoding: TimestepEncoding): Float32Array<ArrayBuffer> {
  const half = Math.floor(encoding.width / 2);
  const features = new Float32Array(encoding.width);
  for (let i = 0; i < half; i++) {
    const angle = timestep * Math.exp((-Math.log(10_000) * i) / (half - encoding.frequencyShift));
    features[encoding.cosineFirst ? half + i : i] = Math.sin(angle);
    features[encoding.cosineFirst ? i : half + i] = Math.cos(angle);
  }
  return features;
}
