import type { Picture } from '../base/index.ts';
import { Scope, legPoints } from '../diffusion/index.ts';
import type { DeviceTensor, Pipeline } from '../diffusion/index.ts';
import { renderFrames } from './frames.ts';
import type { RenderWatch } from './frames.ts';

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
  /** Of the two noises, 0 … 1; fresh noise is independent, which is meant where this is absent. */
  readonly correlation?: number;
  /** Frames that are denoised together, at least 1. */
  readonly batchSize: number;
  /** The pace along the leg, from 0 … 1 to 0 … 1; even where it is absent. */
  readonly ease?: (t: number) => number;
  /** Frames at its beginning that are there already. Batches stay as they are without them; full ones are left out. */
  readonly done?: number;
}

/** What some frames of a leg are made from; the receiver disposes both. */
export interface LegBatch {
  /** Which frame of the leg the first of the batch is, from 0. */
  readonly first: number;
  readonly embeds: DeviceTensor;
  readonly noise: DeviceTensor;
}

/**
 * The embeddings and noises of a leg, batch by batch (`generate_lerp.py` of the original program): embeddings are
 * interpolated linearly, noises so that they stay standard normal.
 */
export function* legBatches({ compute }: Pipeline, leg: Leg): Generator<LegBatch, void, undefined> {
  const points = legPoints(leg.intermediate, leg.noiseShift, leg.ease);
  for (let begin = 0; begin < points.length; begin += leg.batchSize) {
    const batch = points.slice(begin, begin + leg.batchSize);
    if (begin + batch.length <= (leg.done ?? 0)) continue;
    const scope = new Scope();
    const rows = (tensor: DeviceTensor) =>
      scope.own(compute.empty([batch.length, ...tensor.dims.slice(1)], 'float32'));
    try {
      const [embeds, noise] = [rows(leg.startEmbeds), rows(leg.startNoise)];
      for (const [row, point] of batch.entries()) {
        compute.lerp(leg.startEmbeds, leg.goalEmbeds, point.embedding, false, embeds, row);
        compute.lerp(leg.startNoise, leg.newNoise, point.noise, true, noise, row, leg.correlation);
      }
      yield { first: begin, embeds, noise };
    } catch (error) {
      scope.dispose();
      throw error;
    }
  }
}

/** How the frames of a leg are made from its embeddings and noises, and who watches. */
export interface LegRendering {
  readonly steps: number;
  readonly guidanceScale: number;
  /** Float tensors that come along in the read-back of frames with these embeddings. `batch` frees what it owns. */
  readonly measure?: (embeds: DeviceTensor, batch: Scope) => readonly DeviceTensor[];
  /** Measures finished frames, of which the first has this place in the leg. `batch` frees what it owns. */
  readonly look?: (frames: DeviceTensor, first: number, batch: Scope) => Promise<readonly DeviceTensor[]>;
  /** Those who watch the making of so many frames, of which the first has this place in the leg. */
  readonly watch?: (first: number, count: number) => RenderWatch;
}

/** Finished frames of a leg. */
export interface LegFrames {
  readonly first: number;
  readonly pictures: readonly Picture[];
  readonly extra: readonly Float32Array[];
}

/**
 * The frames of a leg, batch by batch, in order.
 *
 * @throws the signal's reason within a denoising step of the signal
 */
export async function* renderLeg(
  pipeline: Pipeline,
  leg: Leg,
  { steps, guidanceScale, measure, look, watch }: LegRendering,
): AsyncGenerator<LegFrames, void, undefined> {
  for (const { first, embeds, noise } of legBatches(pipeline, leg)) {
    const scope = new Scope();
    let rendered: Awaited<ReturnType<typeof renderFrames>>;
    try {
      scope.own(embeds);
      scope.own(noise);
      const extra = measure?.(embeds, scope) ?? [];
      rendered = await renderFrames(
        pipeline,
        {
          embeds,
          noise,
          steps,
          guidanceScale,
          extra,
          measure: async (frames) => (await look?.(frames, first, scope)) ?? [],
        },
        watch?.(first, embeds.dims[0] ?? 0),
      );
    } finally {
      // Nothing is kept while whoever asked looks at the frames.
      scope.dispose();
    }
    yield { first, ...rendered };
  }
}
