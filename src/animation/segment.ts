import type { Picture } from '../base/index.ts';
import { Scope, segmentPoints } from '../diffusion/index.ts';
import type { DeviceTensor, Pipeline, SegmentPoint } from '../diffusion/index.ts';
import { renderFrames } from './frames.ts';
import type { RenderWatch } from './frames.ts';

/** A segment of smooth mode, from one variant to the next. All tensors are float32 with one row. */
export interface Segment {
  readonly startEmbeds: DeviceTensor;
  readonly goalEmbeds: DeviceTensor;
  readonly startNoise: DeviceTensor;
  /** Fresh noise; the segment's noise moves toward it by `noiseShift`. */
  readonly newNoise: DeviceTensor;
  /** Number of frames, at least 1; the last has the goal's embedding. */
  readonly intermediate: number;
  /** 0 … 1. */
  readonly noiseShift: number;
  /** Correlation of the two noises, 0 … 1; default 0, for independent noise. */
  readonly correlation?: number;
  /** Number of frames denoised together, at least 1. */
  readonly batchSize: number;
  /** Easing function from 0 … 1 to 0 … 1; linear by default. */
  readonly ease?: (t: number) => number;
  /** Number of leading frames that exist already. Batch boundaries do not change; batches that exist whole are skipped. */
  readonly done?: number;
}

/** Inputs of some frames of a segment; the receiver disposes both tensors. */
export interface SegmentBatch {
  /** Index of the batch's first frame in the segment. */
  readonly first: number;
  readonly embeds: DeviceTensor;
  readonly noise: DeviceTensor;
}

/**
 * Interpolates the embeddings and noises of a segment, batch by batch (`generate_lerp.py` of the original program):
 * embeddings linearly, noises so that they stay standard normal.
 */
export function* segmentBatches(
  pipeline: Pipeline,
  segment: Segment,
): Generator<SegmentBatch, void, undefined> {
  const points = segmentPoints(segment.intermediate, segment.noiseShift, segment.ease);
  for (let begin = 0; begin < points.length; begin += segment.batchSize) {
    const batch = points.slice(begin, begin + segment.batchSize);
    if (begin + batch.length <= (segment.done ?? 0)) continue;
    yield { first: begin, ...inputsAt(pipeline, segment, batch) };
  }
}

/** Embeddings and noises at some positions of a segment, one row each; the caller owns both. */
export function inputsAt(
  { compute }: Pipeline,
  { startEmbeds, goalEmbeds, startNoise, newNoise, correlation }: Segment,
  points: readonly SegmentPoint[],
): Omit<SegmentBatch, 'first'> {
  const scope = new Scope();
  const rows = (tensor: DeviceTensor) =>
    scope.own(compute.empty([points.length, ...tensor.dims.slice(1)], 'float32'));
  try {
    const [embeds, noise] = [rows(startEmbeds), rows(startNoise)];
    for (const [row, point] of points.entries()) {
      compute.lerp(startEmbeds, goalEmbeds, point.embedding, false, embeds, row);
      compute.lerp(startNoise, newNoise, point.noise, true, noise, row, correlation);
    }
    return { embeds, noise };
  } catch (error) {
    scope.dispose();
    throw error;
  }
}

/** Settings and callbacks for rendering a segment. */
export interface SegmentRendering {
  readonly steps: number;
  readonly guidanceScale: number;
  /** Computes float tensors from a batch's embeddings, which are read back with its frames. `batch` is disposed after it. */
  readonly measure?: (embeds: DeviceTensor, batch: Scope) => readonly DeviceTensor[];
  /** Computes float tensors from finished frames, likewise; `first` is the index of the first frame in the segment. */
  readonly look?: (frames: DeviceTensor, first: number, batch: Scope) => Promise<readonly DeviceTensor[]>;
  /** Callbacks for rendering `count` frames from index `first` of the segment, `ahead` frames after the one that is yielded next. */
  readonly watch?: (first: number, count: number, ahead?: number) => RenderWatch;
}

/** Finished frames of a segment. */
export interface SegmentFrames {
  readonly first: number;
  readonly pictures: readonly Picture[];
  readonly extra: readonly Float32Array[];
  /** Positions along the segment, 0 … 1, if they do not follow from the easing function. */
  readonly positions?: readonly number[];
  /** Time that each frame took; default: the time since the batch before. */
  readonly seconds?: number;
}

/**
 * Renders the frames of a segment, batch by batch, in order.
 *
 * @throws the signal's reason, within one denoising step
 */
export async function* renderSegment(
  pipeline: Pipeline,
  segment: Segment,
  { steps, guidanceScale, measure, look, watch }: SegmentRendering,
): AsyncGenerator<SegmentFrames, void, undefined> {
  for (const { first, embeds, noise } of segmentBatches(pipeline, segment)) {
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
      // Free everything before the consumer runs.
      scope.dispose();
    }
    yield { first, ...rendered };
  }
}
