import type { Picture } from '../base/index.ts';
import { Scope } from '../diffusion/index.ts';
import type { DeviceTensor, Pipeline } from '../diffusion/index.ts';
import type { Settings, Trail } from '../project/index.ts';
import { guidedEmbedding } from './frames.ts';
import type { PromptEmbeds } from './types.ts';

/** Keypoint: the inputs of one frame, float32 with one row each. The receiver disposes both tensors. */
export interface Keypoint extends Noise {
  readonly embeds: DeviceTensor;
}

interface Noise {
  readonly noise: DeviceTensor;
  readonly mixture: NoiseMixture;
}

/** Noise mixture: the independent noises that a noise is the weighted sum of, by key. The squared weights sum to 1. */
export type NoiseMixture = ReadonlyMap<string, number>;

/** The mixture of an original noise. */
export function pureNoise(seed: number, frame: number, variant = 0): NoiseMixture {
  return new Map([[`${seed}/${frame}/${variant}`, 1]]);
}

/** Correlation of two noises: 0 for independent, 1 for equal ones. */
export function correlation(a: NoiseMixture, b: NoiseMixture): number {
  let sum = 0;
  for (const [name, weight] of b) sum += weight * (a.get(name) ?? 0);
  return sum;
}

/** The mixture of the interpolation between two noises at `t`, renormalised. */
export function mixtureBetween(a: NoiseMixture, b: NoiseMixture, t: number): NoiseMixture {
  const norm = Math.sqrt(t * t + (1 - t) * (1 - t) + 2 * t * (1 - t) * correlation(a, b));
  const mixture = new Map<string, number>();
  for (const [name, weight] of a) mixture.set(name, (weight * (1 - t)) / norm);
  for (const [name, weight] of b) mixture.set(name, (mixture.get(name) ?? 0) + (weight * t) / norm);
  return mixture;
}

/** Encodes the prompts in a frame's settings; the caller disposes `text`. */
export type PromptSource = (settings: Settings) => Promise<PromptEmbeds>;

/**
 * Recomputes the keypoint of an earlier frame by repeating the operations of its trail on the same values, so that
 * continuing from it gives the same frames as an unbroken run.
 *
 * @param size Size of the frames in pixels.
 * @throws the signal's reason
 */
export async function recomputeKeypoint(
  pipeline: Pipeline,
  trail: Trail<Picture>,
  promptsOf: PromptSource,
  { width, height }: { readonly width: number; readonly height: number },
  signal?: AbortSignal,
): Promise<Keypoint> {
  const scope = new Scope();
  try {
    let embeds: DeviceTensor | null = null;
    for (const { picture, settings, t } of trail.embedding) {
      const prompts = await promptsOf(settings);
      if (prompts.text) scope.own(prompts.text);
      const { shifted, report } = await guidedEmbedding(
        pipeline,
        picture,
        { ...prompts, ...settings },
        { signal },
      );
      scope.own(shifted);
      scope.own(report);
      if (!embeds) {
        embeds = shifted;
        continue;
      }
      const mixed = scope.own(pipeline.compute.empty(shifted.dims, 'float32'));
      pipeline.compute.lerp(embeds, shifted, t, false, mixed, 0);
      embeds = mixed;
    }
    let interpolated: Noise | null = null;
    for (const { seed, frame, variant, t } of trail.noise) {
      const noise = scope.own(pipeline.noise([{ seed, frame, variant }], width, height));
      const fresh: Noise = { noise, mixture: pureNoise(seed, frame, variant) };
      if (!interpolated) {
        interpolated = fresh;
        continue;
      }
      const [before, next]: [Noise, Noise] = [interpolated, noiseBetween(pipeline, interpolated, fresh, t)];
      interpolated = next;
      scope.own(next.noise);
      // Trails are long: free intermediate noises at once.
      for (const passed of [before, fresh]) scope.release(passed.noise).dispose();
    }
    if (!embeds || !interpolated) throw new RangeError('a trail has a beginning');
    return {
      embeds: scope.release(embeds),
      noise: scope.release(interpolated.noise),
      mixture: interpolated.mixture,
    };
  } finally {
    scope.dispose();
  }
}

/** Interpolates between two noises at `t`, preserving the variance. */
export function noiseBetween({ compute }: Pipeline, a: Noise, b: Noise, t: number): Noise {
  const noise = compute.empty(a.noise.dims, 'float32');
  compute.lerp(a.noise, b.noise, t, true, noise, 0, correlation(a.mixture, b.mixture));
  return { noise, mixture: mixtureBetween(a.mixture, b.mixture, t) };
}
