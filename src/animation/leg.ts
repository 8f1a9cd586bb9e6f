import { Scope, legPoints } from '../diffusion/index.ts';
import type { DeviceTensor, Pipeline } from '../diffusion/index.ts';

/** The way from one variant to the next in smooth mode. All tensors are float32 with one row. */
export interface Leg {
  readonly startEmbeds: DeviceTensor;
  readonly goalEmbeds: DeviceTensor;
  readonly startNoise: DeviceTensor;
  /** Fresh noise, toward which the leg's noise goes `noiseShift` of the way. */
  readonly newNoise: DeviceTensor;
  /** Frames of the leg, at least 1; the last has the goal's embedding. */
  readonly intermediate: number;
  /** 0 … 1. */
  readonly noiseShift: number;
  /** Frames that are denoised together, at least 1. */
  readonly batchSize: number;
}

/** What some frames of a leg are made from; the receiver disposes both. */
export interface LegBatch {
  readonly embeds: DeviceTensor;
  readonly noise: DeviceTensor;
}

/**
 * The embeddings and noises of a leg, batch by batch (`generate_lerp.py` of the original program): embeddings are
 * interpolated linearly, noises so that they stay standard normal.
 */
export function* legBatches({ compute }: Pipeline, leg: Leg): Generator<LegBatch, void, undefined> {
  const points = legPoints(leg.intermediate, leg.noiseShift);
  for (let begin = 0; begin < points.length; begin += leg.batchSize) {
    const batch = points.slice(begin, begin + leg.batchSize);
    const scope = new Scope();
    const rows = (tensor: DeviceTensor) =>
      scope.own(compute.empty([batch.length, ...tensor.dims.slice(1)], 'float32'));
    try {
      const [embeds, noise] = [rows(leg.startEmbeds), rows(leg.startNoise)];
      for (const [row, point] of batch.entries()) {
        compute.lerp(leg.startEmbeds, leg.goalEmbeds, point.embedding, false, embeds, row);
        compute.lerp(leg.startNoise, leg.newNoise, point.noise, true, noise, row);
      }
      yield { embeds, noise };
    } catch (error) {
      scope.dispose();
      throw error;
    }
  }
}
