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
  /** Whether it jumps from the sample before. */
  jumps: boolean;
  /** Number of cross-fades between the sample before and this one. */
  fades: number;
}

/** A frame of a segment. */
export interface SampledFrame {
  /** Position in 0 … 1, without 0. */
  readonly at: number;
  readonly picture: Picture;
}

/**
 * Adaptive sampling of a segment: where to render its next frame, so that neighbours differ about equally. The end comes
 * first; then the interval over which the picture changes most is halved, again and again. Denoising can be discontinuous
 * in its inputs: an interval narrower than half the even spacing that a frame in its middle does not divide is a jump,
 * and is filled with evenly spaced cross-fades instead.
 */
export class AdaptiveSampling {
  readonly #samples: Sample[];
  readonly #narrow: number;

  /**
   * @param start - the picture at position 0
   * @param count - number of frames, at least 1
   */
  constructor(start: Picture, count: number) {
    this.#samples = [{ at: 0, picture: start, change: 0, jumps: false, fades: 0 }];
    this.#narrow = 1 / (2 * count);
  }

  /** Position of the next frame to render; null if a cross-fade, which needs no rendering, was added instead. */
  next(): number | null {
    let widest = 0;
    let middle = 1;
    let chosen: Sample | null = null;
    for (let index = 1; index < this.#samples.length; index++) {
      const [before, after] = [this.#samples[index - 1], this.#samples[index]];
      if (!before || !after) continue;
      // Where nothing changes, the widths decide.
      const weight = (after.change + after.at - before.at) / (after.fades + 1);
      if (weight > widest) [widest, middle, chosen] = [weight, (before.at + after.at) / 2, after];
    }
    if (!chosen?.jumps) return middle;
    chosen.fades++;
    return null;
  }

  /** Records the frame at a position that `next` gave. */
  add(at: number, picture: Picture): void {
    const found = this.#samples.findIndex((sample) => sample.at > at);
    const index = found < 0 ? this.#samples.length : found;
    const [before, after] = [this.#samples[index - 1], this.#samples[index]];
    const change = before ? changeOf(before.picture, picture) : 0;
    const sample: Sample = { at, picture, change, jumps: false, fades: 0 };
    if (after) {
      const whole = after.change;
      after.change = changeOf(picture, after.picture);
      for (const half of after.at - at <= this.#narrow && whole > 0 ? [sample, after] : []) {
        half.jumps = half.change >= undivided * whole;
      }
    }
    this.#samples.splice(index, 0, sample);
  }

  /** All frames, in order. */
  frames(): SampledFrame[] {
    return this.#samples.slice(1).flatMap((sample, index) => {
      const before = this.#samples[index] ?? sample;
      const fades = Array.from({ length: sample.fades }, (_, fade) => {
        const t = (fade + 1) / (sample.fades + 1);
        const picture = crossFade(before.picture, sample.picture, t);
        return { at: before.at + t * (sample.at - before.at), picture };
      });
      return [...fades, { at: sample.at, picture: sample.picture }];
    });
  }
}

/** How much a picture changes, 0 … 255; 0 where the start has another size, so that it cannot be compared. */
function changeOf(before: Picture, after: Picture): number {
  return before.width === after.width && before.height === after.height ? pixelRms(before, after) : 0;
}

/** Linear interpolation between two pictures of the same size. */
function crossFade(a: Picture, b: Picture, t: number): Picture {
  return { ...a, data: a.data.map((value, index) => value + t * ((b.data[index] ?? value) - value)) };
}

/** Settings and callbacks for rendering a segment by adaptive sampling. */
export interface AdaptiveRendering extends Omit<SegmentRendering, 'look'> {
  /** The picture at the segment's start. */
  readonly start: Picture;
  /** Compares a frame, uint8 [h, w, 4], with earlier ones; called in the order of the animation. `batch` is disposed after it. */
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
  const inputs = (at: number, scope: Scope) => {
    const { embeds, noise } = inputsAt(pipeline, segment, [{ embedding: at, noise: at * noiseShift }]);
    return { embeds: scope.own(embeds), noise: scope.own(noise) };
  };
  const sampling = new AdaptiveSampling(start, intermediate);
  const rendered = new Map<number, { readonly extra: readonly Float32Array[]; readonly seconds: number }>();
  for (let count = 0; count < intermediate; count++) {
    const at = sampling.next();
    if (at === null) {
      onFade?.();
      continue;
    }
    const began = performance.now();
    const scope = new Scope();
    try {
      const { embeds, noise } = inputs(at, scope);
      const input = { embeds, noise, steps, guidanceScale, extra: measure?.(embeds, scope) ?? [] };
      const ahead = Math.max(0, count - done);
      const { pictures, extra } = await renderFrames(pipeline, input, watch?.(done, 1, ahead));
      const [picture] = pictures;
      if (!picture) throw new RangeError('nothing was rendered');
      sampling.add(at, picture);
      rendered.set(at, { extra, seconds: (performance.now() - began) / 1000 });
    } finally {
      scope.dispose();
    }
  }
  for (const [first, { at, picture }] of sampling.frames().entries()) {
    if (first < done) continue;
    const began = performance.now();
    const { extra, seconds } = rendered.get(at) ?? {};
    const scope = new Scope();
    let values: Float32Array[];
    try {
      const measured = extra ? [] : (measure?.(inputs(at, scope).embeds, scope) ?? []);
      const cosines = await follow(scope.own(compute.uploadPicture(picture)), scope);
      const read = await compute.read([...measured, cosines], signal);
      values = read.filter((part) => part instanceof Float32Array);
    } finally {
      scope.dispose();
    }
    yield {
      first,
      pictures: [picture],
      extra: [...(extra ?? []), ...values],
      positions: [at],
      seconds: seconds ?? (performance.now() - began) / 1000,
    };
  }
}
