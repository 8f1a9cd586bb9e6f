import { SettingsError } from '../base/index.ts';
import type { SolverStep } from '../compute/index.ts';

/** The noise schedule that a network was trained with. */
export interface NoiseSchedule {
  readonly betaStart: number;
  readonly betaEnd: number;
  readonly betaSchedule: 'scaled_linear' | 'linear';
  readonly trainTimesteps: number;
  readonly prediction: 'epsilon' | 'v_prediction' | 'sample';
  /** How the timesteps of a run lie among those of training; see `timestepsOf`. */
  readonly spacing: 'linspace' | 'leading' | 'trailing';
  /** Added to each timestep of the spacing `leading`. */
  readonly stepsOffset: number;
}

/** Everything about a run of denoising that is known before it starts. */
export interface Schedule {
  /** The timestep of each evaluation of the network, falling. */
  readonly timesteps: readonly number[];
  /** Noise over signal at each timestep, and 0 at the end: one more than there are timesteps. */
  readonly sigmas: readonly number[];
  /** What the solver does after each evaluation. */
  readonly steps: readonly SolverStep[];
}

/** √((1 - ᾱ)/ᾱ) for every training timestep, ᾱ being the running product of 1 - β. */
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

/** Rounds halves to even, as NumPy does: with two steps the middle one is 500 and not 499. */
function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

/**
 * The timesteps of a run of `count` evaluations, falling, as `timestep_spacing` of diffusers 0.30.3 has them: `linspace`
 * divides 0 … n-1 evenly and leaves out the last, `leading` takes every ⌊n/(count+1)⌋-th of them from an offset on, and
 * `trailing` every (n/count)-th back from n-1 (Lin et al. 2023, arXiv 2305.08891, table 2).
 */
function timestepsOf({ trainTimesteps: n, spacing, stepsOffset }: NoiseSchedule, count: number): number[] {
  // Rounding depends on the order of operations, which is NumPy's.
  const timestepAt = {
    linspace: (index: number) => roundHalfEven((count - index) * ((n - 1) / count)),
    leading: (index: number) => (count - index) * Math.floor(n / (count + 1)) + stepsOffset,
    trailing: (index: number) => roundHalfEven(n - index * (n / count)) - 1,
  }[spacing];
  return Array.from({ length: count }, (_, index) => Math.min(timestepAt(index), n - 1));
}

/**
 * The schedule of DPM-Solver++ (2M, midpoint) with the final sigma at zero
 * (Lu et al. 2022, arXiv 2211.01095, algorithm 2; `DPMSolverMultistepScheduler` of diffusers 0.30.3).
 * Its first step is of first order for want of a predecessor, and its last because it goes to sigma 0.
 *
 * @param count - how many times the network is evaluated, 1 … the number of training timesteps
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

/** Signal and noise of a sample with the given sigma: x = alpha · x0 + noise · ε with alpha² + noise² = 1. */
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
  // Nor does a predecessor at the same sigma, where rounding gives a timestep twice, say anything about the slope.
  const before = index > 0 && next > 0 && sigmas[index - 1] !== sigma ? sigmas[index - 1] : undefined;
  const correction = before === undefined ? 0 : (0.5 * step) / Math.log(before / sigma);

  return {
    ...predictedX0(here, prediction),
    sampleWeight: there.noise / here.noise,
    x0Weight: gain * (1 + correction),
    previousWeight: correction === 0 ? 0 : -gain * correction,
  };
}

/** How the network's output and its input make up the picture without noise, x0. */
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

/** How a network wants its timestep as sines and cosines. */
export interface TimestepEncoding {
  readonly width: number;
  readonly cosineFirst: boolean;
  readonly frequencyShift: number;
}

/**
 * Sinusoidal features of a timestep (Vaswani et al. 2017; `get_timestep_embedding` of diffusers): `width` numbers.
 * An odd width ends in a zero.
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
