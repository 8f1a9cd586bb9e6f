import { pixelRms } from '../base/index.ts';
import type { Picture } from '../base/index.ts';
import { Scope } from '../diffusion/index.ts';
import type { DeviceTensor, Pipeline } from '../diffusion/index.ts';
import { renderFrames } from './frames.ts';
import { inputsAt } from './segment.ts';
import type { Segment, SegmentFrames, SegmentRendering } from './segment.ts';

/** Intervals of this width are divided last: a picture that still changes that fast jumps. */
const narrowest = 1 / 1024;

interface Sample {
  /** Position along the segment, 0 … 1. */
  readonly at: number;
  readonly picture: Picture;
  /** How much the picture changes from the sample before, 0 … 255. */
  change: number;
}

/**
 * Adaptive sampling of a segment: where to render its next frame, so that neighbours differ about equally. The end comes
 * first; then the interval over which the picture changes most is halved, again and again.
 */
export class AdaptiveSampling {
  readonly #samples: Sample[];

  /** @param start - the picture at position 0 */
  constructor(start: Picture) {
    this.#samples = [{ at: 0, picture: start, change: 0 }];
  }

  /** Position of the next frame to render, in 0 … 1 without 0. */
  next(): number {
    let widest = 0;
    let middle = 1;
    for (let index = 1; index < this.#samples.length; index++) {
      const [before, after] = [this.#samples[index - 1], this.#samples[index]];
      if (!before || !after) continue;
      const width = after.at - before.at;
      // Where nothing changes, the widths decide; intervals that are too narrow come last.
      const weight = width > narrowest ? after.change + width : narrowest * width;
      if (weight > widest) [widest, middle] = [weight, (before.at + after.at) / 2];
    }
    return middle;
  }

  /** Records the frame at a position that `next` gave. */
  add(at: number, picture: Picture): void {
    const found = this.#samples.findIndex((sample) => sample.at > at);
    const index = found < 0 ? this.#samples.length : found;
    const [before, after] = [this.#samples[index - 1], this.#samples[index]];
    if (after) after.change = changeOf(picture, after.picture);
    const change = before ? changeOf(before.picture, picture) : 0;
    this.#samples.splice(index, 0, { at, picture, change });
  }
}

/** How much a picture changes, 0 … 255; 0 where the start has another size, so that it cannot be compared. */
function changeOf(before: Picture, after: Picture): number {
  return before.width === after.width && before.height === after.height ? pixelRms(before, after) : 0;
}

/** Settings and callbacks for rendering a segment by adaptive sampling. */
export interface AdaptiveRendering extends Omit<SegmentRendering, 'look'> {
  /** The picture at the segment's start. */
  readonly start: Picture;
  /** Compares a frame, uint8 [h, w, 4], with the past; called in the order of the animation. `batch` is disposed after it. */
  readonly follow: (frame: DeviceTensor, batch: Scope) => Promise<DeviceTensor>;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Renders the frames of a segment at positions that `AdaptiveSampling` chooses, one at a time, and yields them in the
 * order of the animation once all are rendered. Frames that exist already are rendered again, because the positions of
 * the others follow from them.
 *
 * @throws the signal's reason, within one denoising step
 */
export async function* renderAdaptiveSegment(
  pipeline: Pipeline,
  segment: Segment,
  { start, steps, guidanceScale, measure, follow, watch, signal }: AdaptiveRendering,
): AsyncGenerator<SegmentFrames, void, undefined> {
  const { compute } = pipeline;
  const { intermediate, noiseShift, done = 0 } = segment;
  const sampling = new AdaptiveSampling(start);
  const rendered: { at: number; picture: Picture; extra: readonly Float32Array[]; seconds: number }[] = [];
  while (rendered.length < intermediate) {
    const began = performance.now();
    const at = sampling.next();
    const scope = new Scope();
    try {
      const { embeds, noise } = inputsAt(pipeline, segment, [{ embedding: at, noise: at * noiseShift }]);
      scope.own(embeds);
      scope.own(noise);
      const input = { embeds, noise, steps, guidanceScale, extra: measure?.(embeds, scope) ?? [] };
      const { pictures, extra } = await renderFrames(
        pipeline,
        input,
        watch?.(done, 1, Math.max(0, rendered.length - done)),
      );
      const [picture] = pictures;
      if (!picture) throw new RangeError('nothing was rendered');
      sampling.add(at, picture);
      rendered.push({ at, picture, extra, seconds: (performance.now() - began) / 1000 });
    } finally {
      scope.dispose();
    }
  }
  rendered.sort((a, b) => a.at - b.at);
  for (const [first, { at, picture, extra, seconds }] of rendered.entries()) {
    if (first < done) continue;
    const scope = new Scope();
    let compared: Float32Array[];
    try {
      const cosines = await follow(scope.own(compute.uploadPicture(picture)), scope);
      const values = await compute.read([cosines], signal);
      compared = values.filter((part) => part instanceof Float32Array);
    } finally {
      scope.dispose();
    }
    yield { first, pictures: [picture], extra: [...extra, ...compared], positions: [at], seconds };
  }
}
