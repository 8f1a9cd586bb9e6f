import { pixelRms } from '../base/index.ts';
import type { Picture } from '../base/index.ts';
import { Scope } from '../diffusion/index.ts';
import type { DeviceTensor, Pipeline } from '../diffusion/index.ts';
import { renderFrames } from './frames.ts';
import { inputsAt } from './segment.ts';
import type { Segment, SegmentFrames, SegmentRendering } from './segment.ts';

/** A half that keeps this share of its interval's change, or more, was not divided by the frame in the middle. */
const undivided = 0.8;

interface Sample {
  /** Position along the segment, 0 … 1. */
  readonly at: number;
  readonly picture: Picture;
  /** How much the picture changes from the sample before, 0 … 255. */
  change: number;
  /** Whether it jumps from the sample before: frames between them are cross-fades. */
  jumps: boolean;
}

/** The next frame of a segment. */
export interface NextSample {
  /** Position in 0 … 1, without 0. */
  readonly at: number;
  /** The picture, if it is a cross-fade; null if it is to be rendered. */
  readonly fade: Picture | null;
}

/**
 * Adaptive sampling of a segment: where to render its next frame, so that neighbours differ about equally. The end comes
 * first; then the interval over which the picture changes most is halved, again and again. Denoising can be discontinuous
 * in its inputs: an interval narrower than half the even spacing that a frame in its middle does not divide is a jump,
 * and is filled with cross-fades.
 */
export class AdaptiveSampling {
  readonly #samples: Sample[];
  readonly #narrow: number;

  /**
   * @param start - the picture at position 0
   * @param count - number of frames, at least 1
   */
  constructor(start: Picture, count: number) {
    this.#samples = [{ at: 0, picture: start, change: 0, jumps: false }];
    this.#narrow = 1 / (2 * count);
  }

  next(): NextSample {
    let widest = 0;
    let next: NextSample = { at: 1, fade: null };
    for (let index = 1; index < this.#samples.length; index++) {
      const [before, after] = [this.#samples[index - 1], this.#samples[index]];
      if (!before || !after) continue;
      // Where nothing changes, the widths decide.
      const weight = after.change + after.at - before.at;
      if (weight <= widest) continue;
      widest = weight;
      next = {
        at: (before.at + after.at) / 2,
        fade: after.jumps ? crossFade(before.picture, after.picture) : null,
      };
    }
    return next;
  }

  /** Records the frame at a position that `next` gave. */
  add(at: number, picture: Picture): void {
    const found = this.#samples.findIndex((sample) => sample.at > at);
    const index = found < 0 ? this.#samples.length : found;
    const [before, after] = [this.#samples[index - 1], this.#samples[index]];
    const sample: Sample = {
      at,
      picture,
      change: before ? changeOf(before.picture, picture) : 0,
      jumps: false,
    };
    if (before && after) {
      const whole = after.change;
      after.change = changeOf(picture, after.picture);
      const isNarrow = after.at - at <= this.#narrow;
      for (const half of [sample, after]) {
        half.jumps =
          after.jumps || (isNarrow && half.change > 0 && whole > 0 && half.change >= undivided * whole);
      }
    }
    this.#samples.splice(index, 0, sample);
  }
}

/** How much a picture changes, 0 … 255; 0 where the start has another size, so that it cannot be compared. */
function changeOf(before: Picture, after: Picture): number {
  return before.width === after.width && before.height === after.height ? pixelRms(before, after) : 0;
}

/** Mean of two pictures of the same size. */
function crossFade(a: Picture, b: Picture): Picture {
  return { ...a, data: a.data.map((value, index) => (value + (b.data[index] ?? value)) / 2) };
}

/** Settings and callbacks for rendering a segment by adaptive sampling. */
export interface AdaptiveRendering extends Omit<SegmentRendering, 'look'> {
  /** The picture at the segment's start. */
  readonly start: Picture;
  /** Compares a frame, uint8 [h, w, 4], with the past; called in the order of the animation. `batch` is disposed after it. */
  readonly follow: (frame: DeviceTensor, batch: Scope) => Promise<DeviceTensor>;
  /** Called for each frame that needs no denoising. */
  readonly onFade?: () => void;
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
  { start, steps, guidanceScale, measure, follow, watch, onFade, signal }: AdaptiveRendering,
): AsyncGenerator<SegmentFrames, void, undefined> {
  const { compute } = pipeline;
  const { intermediate, noiseShift, done = 0 } = segment;
  const sampling = new AdaptiveSampling(start, intermediate);
  const rendered: { at: number; picture: Picture; extra: readonly Float32Array[]; seconds: number }[] = [];
  while (rendered.length < intermediate) {
    const began = performance.now();
    const { at, fade } = sampling.next();
    const scope = new Scope();
    try {
      const { embeds, noise } = inputsAt(pipeline, segment, [{ embedding: at, noise: at * noiseShift }]);
      scope.own(embeds);
      scope.own(noise);
      const measured = measure?.(embeds, scope) ?? [];
      let picture = fade ?? undefined;
      let extra: readonly Float32Array[];
      if (fade) {
        const values = await compute.read(measured, signal);
        extra = values.filter((part) => part instanceof Float32Array);
        onFade?.();
      } else {
        const input = { embeds, noise, steps, guidanceScale, extra: measured };
        const ahead = Math.max(0, rendered.length - done);
        const made = await renderFrames(pipeline, input, watch?.(done, 1, ahead));
        [picture] = made.pictures;
        extra = made.extra;
      }
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
