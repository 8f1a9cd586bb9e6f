import * as v from 'valibot';
import { ModelError } from '../../base/index.ts';
import { configObject, unsupportedError } from './read.ts';

/** β of a timestep: the share of noise that it adds, between 0 and 1. */
const beta = v.pipe(v.number(), v.gtValue(0), v.ltValue(1));

const schema = v.object({
  beta_start: v.optional(beta, 0.00085),
  beta_end: v.optional(beta, 0.012),
  beta_schedule: v.optional(v.string(), 'scaled_linear'),
  num_train_timesteps: v.optional(v.pipe(v.number(), v.integer(), v.minValue(2), v.maxValue(100_000)), 1000),
  prediction_type: v.optional(v.string(), 'epsilon'),
  trained_betas: v.nullish(v.array(v.number())),
  rescale_betas_zero_snr: v.optional(v.boolean(), false),
  timestep_spacing: v.optional(v.string(), 'linspace'),
  steps_offset: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0)), 0),
  use_karras_sigmas: v.nullish(v.boolean()),
  use_exponential_sigmas: v.nullish(v.boolean()),
  use_beta_sigmas: v.nullish(v.boolean()),
  use_lu_lambdas: v.nullish(v.boolean()),
  thresholding: v.nullish(v.boolean()),
});

/** Unsupported options. */
const unsupportedSwitches = [
  'rescale_betas_zero_snr',
  'use_karras_sigmas',
  'use_exponential_sigmas',
  'use_beta_sigmas',
  'use_lu_lambdas',
  'thresholding',
] as const;

/** Noise schedule of the training. The file's scheduler class is ignored, because Drift always uses DPM-Solver++. */
export interface SchedulerConfig {
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

/**
 * Parses `scheduler_config.json`.
 *
 * @throws ModelError `config-invalid` or `config-unsupported`, with the key
 */
export function parseSchedulerConfig(file: string, input: unknown): SchedulerConfig {
  const result = v.safeParse(schema, configObject(file, input));
  if (!result.success) {
    throw new ModelError('config-invalid', `${file} is not usable: ${result.issues[0].message}.`, {
      remedy: 'Get the file again from where the model came from.',
      details: { file, key: v.getDotPath(result.issues[0]) ?? '' },
      cause: result.issues[0],
    });
  }
  const c = result.output;
  if (c.trained_betas) throw unsupportedError(file, 'trained_betas', 'a list');
  for (const key of unsupportedSwitches) if (c[key] === true) throw unsupportedError(file, key, true);
  const { beta_schedule: betaSchedule, prediction_type: prediction } = c;
  if (betaSchedule !== 'scaled_linear' && betaSchedule !== 'linear') {
    throw unsupportedError(file, 'beta_schedule', betaSchedule);
  }
  if (prediction !== 'epsilon' && prediction !== 'v_prediction' && prediction !== 'sample') {
    throw unsupportedError(file, 'prediction_type', prediction);
  }
  if (!isSpacing(c.timestep_spacing)) throw unsupportedError(file, 'timestep_spacing', c.timestep_spacing);
  return {
    betaStart: c.beta_start,
    betaEnd: c.beta_end,
    betaSchedule,
    trainTimesteps: c.num_train_timesteps,
    prediction,
    spacing: c.timestep_spacing,
    // Only `leading` uses the offset; files may contain it with other spacings.
    stepsOffset: c.timestep_spacing === 'leading' ? c.steps_offset : 0,
  };
}

function isSpacing(spacing: string): spacing is SchedulerConfig['spacing'] {
  return spacing === 'linspace' || spacing === 'leading' || spacing === 'trailing';
}
