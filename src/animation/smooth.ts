import type { Picture } from '../base/index.ts';
import { Scope } from '../diffusion/index.ts';
import type { DeviceTensor, Pipeline } from '../diffusion/index.ts';
import { ease, framesToMake, stepsComputed } from '../project/index.ts';
import type { Settings, SmoothPlan } from '../project/index.ts';
import { Estimate } from './estimate.ts';
import { guidedEmbedding } from './frames.ts';
import { reportWidth, toInsight } from './insight.ts';
import { renderAdaptiveSegment } from './adaptive.ts';
import { renderSegment } from './segment.ts';
import { EmbeddingHistory } from './embedding-history.ts';
import type { Comparison } from './embedding-history.ts';
import { correlation, noiseBetween, pureNoise, recomputeKeypoint } from './keypoint.ts';
import type { Keypoint, PromptSource } from './keypoint.ts';
import type { GeneratedFrame, Progress, PromptEmbeds, Watch } from './types.ts';

export interface SmoothInput {
  readonly plan: SmoothPlan<Picture>;
  /** The animation's last frame, or its start picture: the next frame is compared with it. */
  readonly last: Picture;
  /** The pictures before `last` in the animation, most recent last, for the insights. */
  readonly before?: readonly Picture[] | undefined;
  /** The animation's first picture, if it is not the first of `before`. Frames are compared with it. */
  readonly origin?: Picture | undefined;
  readonly settings: Settings;
  /** Embeddings of the prompts in `settings`. */
  readonly prompts: PromptEmbeds;
  /** Encodes the prompts of earlier frames. */
  readonly promptsOf: PromptSource;
}

/** A segment of the plan: the first frame, a segment to a new variant, or the one back to the first frame. */
interface SmoothSegment {
  readonly kind: 'first' | 'segment' | 'closing';
  readonly frames: number;
  /** Number of leading frames that exist already. */
  readonly done: number;
}

/** Keypoint at the end of a segment, and the report of the guidance that led to it, float32 [1, 5]. */
interface Goal {
  readonly keypoint: Keypoint;
  readonly report: DeviceTensor;
}

/**
 * Smooth mode (`generate_lerp.py` of the original program): `intermediate` frames from each variant to the next; the last
 * of them is the variant. The embedding at a segment's end comes from the 8-bit picture at its start. The noise continues
 * from the previous segment, moving by `noiseShift` toward fresh noise, which depends only on the seed and the index of
 * the segment's first frame. A closing segment leads back to embedding and noise of the animation's first frame, so its
 * last frame repeats that one.
 *
 * @throws the signal's reason, within one denoising step; frames already yielded stay valid
 */
export async function* smooth(
  pipeline: Pipeline,
  { plan, last, before = [], origin, settings, prompts, promptsOf }: SmoothInput,
  watch: Watch = {},
): AsyncGenerator<GeneratedFrame, void, undefined> {
  const { signal } = watch;
  const { width, height, seed, guidanceScale, batchSize, easing } = settings;
  const steps = stepsComputed(settings);
  const progress = new ProgressReporter(plan, settings, watch);
  const scope = new Scope();
  const keep = (keypoint: Keypoint): Keypoint => {
    scope.own(keypoint.embeds);
    scope.own(keypoint.noise);
    return keypoint;
  };
  const drop = (tensor: DeviceTensor) => {
    scope.release(tensor).dispose();
  };

  /** Encodes a picture and computes the keypoint of its next variant. */
  async function variantOf(picture: Picture, frame: number): Promise<Goal> {
    progress.report('encode', 0, 1);
    const { shifted, report } = await guidedEmbedding(
      pipeline,
      picture,
      { ...prompts, ...settings },
      {
        signal,
        onEncoded: () => {
          progress.spend(1);
          progress.report('guidance', 0, 1);
        },
      },
    );
    scope.own(report);
    progress.spend(1);
    const noise = pipeline.noise([{ seed, frame, variant: 0 }], width, height);
    return { keypoint: keep({ embeds: shifted, noise, mixture: pureNoise(seed, frame) }), report };
  }

  /** Report on embeddings without moving them. */
  const look = (embeds: DeviceTensor, owner: Scope) => {
    const { shifted, report } = pipeline.guide(embeds, { ...prompts, ...settings, repeats: 0 });
    owner.own(shifted);
    return owner.own(report);
  };

  try {
    signal?.throwIfAborted();
    const recall = async (trail: SmoothPlan<Picture>['from']) =>
      trail && keep(await recomputeKeypoint(pipeline, trail, promptsOf, { width, height }, signal));
    let at = await recall(plan.from);
    let home = plan.closes ? await recall(plan.home) : null;
    let source = plan.source;
    let index = 0;
    const { history, embeds } = await EmbeddingHistory.create(pipeline, [...before, last], origin, signal);
    scope.own(history);
    embeds.dispose();
    for (const { kind, frames, done } of segmentsOf(plan, settings)) {
      signal?.throwIfAborted();
      progress.turnTo(index, Math.min(batchSize, frames - done));
      const goal =
        kind === 'closing' && home
          ? { keypoint: home, report: look(home.embeds, scope) }
          : await variantOf(source, plan.firstFrame + index - done);
      // The first frame is its own start, and the target of a closing segment if there is no earlier one.
      at ??= goal.keypoint;
      if (plan.closes) home ??= at;
      const noiseShift = kind === 'segment' ? settings.noiseShift : kind === 'closing' ? 1 : 0;
      let likenesses: Comparison['likeness'][] = [];
      let reached = history.count;
      const follow = async (picture: DeviceTensor, batch: Scope) => {
        const comparison = await history.follow(picture, signal);
        likenesses.push(comparison.likeness);
        return batch.own(comparison.cosines);
      };
      const segment = {
        startEmbeds: at.embeds,
        goalEmbeds: goal.keypoint.embeds,
        startNoise: at.noise,
        newNoise: goal.keypoint.noise,
        intermediate: frames,
        noiseShift,
        // Noise of earlier keypoints, such as the first, is still part of later mixtures.
        correlation: correlation(at.mixture, goal.keypoint.mixture),
        batchSize,
        ease: (t: number) => ease(easing, t),
        done,
      };
      const common = {
        steps,
        guidanceScale,
        measure: (embeds: DeviceTensor, batch: Scope) => [goal.report, look(embeds, batch)],
        watch: (first: number, count: number, ahead = 0) =>
          progress.watch(index + ahead, Math.max(0, done - first), count),
      };
      const rendering =
        easing === 'adaptive' && kind !== 'first'
          ? renderAdaptiveSegment(pipeline, segment, {
              ...common,
              start: source,
              signal,
              onFade: () => {
                progress.skip(steps);
              },
              follow: (picture, batch) => {
                likenesses = [];
                return follow(picture, batch);
              },
            })
          : renderSegment(pipeline, segment, {
              ...common,
              look: async (pictures, first, batch) => {
                const cosines: DeviceTensor[] = [];
                likenesses = [];
                // Recomputed frames replace the ones that overflowed.
                history.rewind(reached);
                // Frames that exist already have been compared before.
                for (let row = Math.max(0, done - first); row < (pictures.dims[0] ?? 0); row++) {
                  cosines.push(await follow(batch.own(pipeline.compute.row(pictures, row)), batch));
                }
                return cosines;
              },
            });
      let began = performance.now();
      for await (const { first, pictures, extra, positions, ...made } of rendering) {
        progress.finish();
        const seconds = made.seconds ?? (performance.now() - began) / 1000 / pictures.length;
        const [ofGoal, own, ...cosines] = extra;
        const known = Math.max(0, done - first);
        reached = history.count;
        for (const [row, picture] of pictures.entries()) {
          const step = first + row + 1;
          if (step <= done) continue;
          const after = toInsight(own?.subarray(row * reportWidth, (row + 1) * reportWidth), prompts);
          const insight = {
            ...toInsight(ofGoal, prompts),
            positivesAfter: after.positivesAfter,
            negativesAfter: after.negativesAfter,
            ...likenesses[row - known]?.(cosines[row - known]),
          };
          const along = positions?.[row];
          const leg = {
            step,
            of: frames,
            home: kind === 'closing',
            ...(along !== undefined && { at: along }),
          };
          const position = kind === 'first' ? {} : { leg };
          yield { index, picture, insight, seconds, ...position };
          index++;
          source = picture;
        }
        began = performance.now();
      }

      drop(goal.report);
      if (at === goal.keypoint) continue;
      const arrived = noiseBetween(pipeline, at, goal.keypoint, noiseShift);
      scope.own(arrived.noise);
      if (at !== home) {
        drop(at.embeds);
        drop(at.noise);
      }
      if (goal.keypoint !== home) drop(goal.keypoint.noise);
      at = { embeds: goal.keypoint.embeds, ...arrived };
    }
  } finally {
    scope.dispose();
  }
}

/** Segments of a plan, in order. */
function segmentsOf(
  { from, segments, closes, done }: SmoothPlan<Picture>,
  { intermediate }: Settings,
): SmoothSegment[] {
  const kinds = [...Array<'segment'>(segments).fill('segment'), ...(closes ? (['closing'] as const) : [])];
  const following = kinds.map((kind, index) => ({
    kind,
    frames: intermediate,
    done: index === 0 ? done : 0,
  }));
  return from ? following : [{ kind: 'first', frames: 1, done: 0 }, ...following];
}

/** Reports progress of a run. Units of work: a denoising step, or the decoding, of one frame. */
class ProgressReporter {
  readonly #watch: Watch;
  readonly #steps: number;
  readonly #frames: number;
  readonly #estimate = new Estimate(() => performance.now());
  #unitsLeft: number;
  /** Index of the first frame in progress; `#batch` is the number of frames in progress. */
  #frame = 0;
  #batch = 1;

  constructor(plan: SmoothPlan<Picture>, settings: Settings, watch: Watch) {
    this.#watch = watch;
    this.#steps = stepsComputed(settings);
    this.#frames = framesToMake(plan, settings);
    this.#unitsLeft = this.#frames * (this.#steps + 1) + 2 * (plan.segments + (plan.from ? 0 : 1));
  }

  /** Records finished units of work. */
  spend(units: number): void {
    this.#unitsLeft -= units;
    this.#estimate.tick(units);
  }

  /** Removes units of work that turned out to be unnecessary. */
  skip(units: number): void {
    this.#unitsLeft -= units;
  }

  /** Sets the frames in progress. */
  turnTo(frame: number, count: number): void {
    this.#frame = frame;
    this.#batch = count;
  }

  /** Records that the frames in progress are decoded. */
  finish(): void {
    this.spend(this.#batch);
    this.report('decode', 1, 1);
  }

  report(stage: Progress['stage'], step: number, of: number): void {
    this.#watch.onProgress?.({
      frame: this.#frame,
      batch: this.#batch,
      frames: this.#frames,
      stage,
      step,
      of,
      secondsLeft: this.#estimate.secondsFor(Math.max(0, this.#unitsLeft)),
    });
  }

  /** Callbacks for rendering `count` frames, the first `known` of which exist already. */
  watch(frame: number, known: number, count: number) {
    const { signal, onPreview } = this.#watch;
    this.turnTo(frame, count - known);
    this.report('denoise', 0, this.#steps);
    return {
      signal,
      onStep: (step: number, of: number) => {
        this.spend(this.#batch);
        this.report('denoise', step, of);
      },
      onDecode: () => {
        this.report('decode', 0, 1);
      },
      onPreview:
        onPreview &&
        ((pictures: readonly Picture[]) => {
          const next = pictures[known];
          if (next) onPreview(frame, next);
        }),
    };
  }
}
