import type { Picture } from '../base/index.ts';
import { Scope } from '../diffusion/index.ts';
import type { DeviceTensor, Pipeline } from '../diffusion/index.ts';
import { stepsComputed } from '../project/index.ts';
import type { Settings } from '../project/index.ts';
import { Estimate } from './estimate.ts';
import { renderFrames } from './frames.ts';
import { toInsight } from './insight.ts';
import { EmbeddingHistory, embeddingOf } from './embedding-history.ts';
import type { Comparison } from './embedding-history.ts';
import { measureTexture } from './texture.ts';
import type { GeneratedFrame, Insight, Progress, PromptEmbeds, Watch } from './types.ts';

export interface AutomaticInput {
  /** The picture that the first new frame is a variant of; any size. */
  readonly start: Picture;
  /** The animation's first picture if it is not the first of `before`; any size. Frames are compared with it. */
  readonly origin?: Picture | undefined;
  /** The pictures before `start` in the animation, most recent last, for the insights. */
  readonly before?: readonly Picture[] | undefined;
  /** Index of the first new frame in the animation. Noise depends only on this and on the seed. */
  readonly firstFrame: number;
  readonly settings: Settings;
  readonly prompts: PromptEmbeds;
}

/**
 * Automatic mode (`generate.py` of the original program): every frame is a variant of the previous one. A frame is made
 * from its predecessor's 8-bit picture, so continuing from a saved picture gives the same frames as an unbroken run.
 *
 * @throws the signal's reason, within one denoising step; frames already yielded stay valid
 */
export async function* automatic(
  pipeline: Pipeline,
  { start, origin, before = [], firstFrame, settings, prompts }: AutomaticInput,
  watch: Watch = {},
): AsyncGenerator<GeneratedFrame, void, undefined> {
  const { signal } = watch;
  const report = reporter(settings, watch);
  let chain: Chain | null = null;
  try {
    for (let index = 0; index < settings.frames; index++) {
      signal?.throwIfAborted();
      const began = performance.now();
      report(index, 'encode', 0, 1);
      chain ??= await Chain.begin(pipeline, [...before, start], origin, prompts, signal);
      signal?.throwIfAborted();
      const made = await variant(pipeline, chain, firstFrame + index, settings, prompts, {
        signal,
        onStage: (stage, step, of) => {
          report(index, stage, step, of);
        },
        onPreview: watch.onPreview && ((picture) => watch.onPreview?.(index, picture)),
      });
      yield { index, ...made, seconds: (performance.now() - began) / 1000 };
    }
  } finally {
    chain?.dispose();
  }
}

/** State between frames: the embedding of the last picture, and those before it, which insights compare with. */
class Chain {
  readonly history: EmbeddingHistory;
  /** Prompt balance of texture. */
  readonly texture: number | null;
  #embeds: DeviceTensor;

  private constructor(history: EmbeddingHistory, embeds: DeviceTensor, texture: number | null) {
    this.history = history;
    this.texture = texture;
    this.#embeds = embeds;
  }

  /** float32 [1, d]. */
  get embeds(): DeviceTensor {
    return this.#embeds;
  }

  static async begin(
    pipeline: Pipeline,
    pictures: readonly Picture[],
    origin: Picture | undefined,
    prompts: PromptEmbeds,
    signal: AbortSignal | undefined,
  ): Promise<Chain> {
    const texture = await measureTexture(pipeline, prompts, signal);
    const { history, embeds } = await EmbeddingHistory.create(pipeline, pictures, origin, signal);
    return new Chain(history, embeds, texture);
  }

  /** Appends the next picture by its embedding, which this object owns from now on. */
  moveTo(embeds: DeviceTensor): void {
    this.#embeds.dispose();
    this.#embeds = embeds;
    this.history.add(embeds);
  }

  dispose(): void {
    this.#embeds.dispose();
    this.history.dispose();
  }
}

interface VariantWatch {
  readonly signal: AbortSignal | undefined;
  readonly onStage: (stage: Progress['stage'], step: number, of: number) => void;
  readonly onPreview: ((picture: Picture) => void) | undefined;
}

/**
 * Makes one frame from the embedding of the previous one. The new frame is encoded immediately, both to measure it and
 * as the input of the next frame.
 */
async function variant(
  pipeline: Pipeline,
  chain: Chain,
  frame: number,
  settings: Settings,
  prompts: PromptEmbeds,
  { signal, onStage, onPreview }: VariantWatch,
): Promise<{ picture: Picture; insight: Insight }> {
  const { width, height, guidanceScale, seed } = settings;
  const steps = stepsComputed(settings);
  const scope = new Scope();
  try {
    onStage('guidance', 0, 1);
    const { shifted, report } = pipeline.guide(chain.embeds, { ...prompts, ...settings });
    scope.own(shifted);
    scope.own(report);

    onStage('denoise', 0, steps);
    const noise = scope.own(pipeline.noise([{ seed, frame, variant: 0 }], width, height));
    const seen: { embeds: DeviceTensor; comparison: Comparison }[] = [];
    const { pictures, extra } = await renderFrames(
      pipeline,
      {
        embeds: shifted,
        noise,
        steps,
        guidanceScale,
        extra: [report],
        measure: async (frames) => {
          const embeds = scope.own(await embeddingOf(pipeline, frames, signal));
          const comparison = chain.history.compare(embeds);
          seen.push({ embeds, comparison });
          return [scope.own(comparison.cosines)];
        },
      },
      {
        signal,
        onStep: (step, of) => {
          onStage('denoise', step, of);
        },
        onDecode: () => {
          onStage('decode', 0, 1);
        },
        onPreview:
          onPreview &&
          (([picture]) => {
            if (picture) onPreview(picture);
          }),
      },
    );
    onStage('decode', 1, 1);
    const [picture] = pictures;
    const look = seen.at(-1);
    if (!picture || !look) throw new RangeError('a batch of one has one frame');
    const insight = toInsight(extra[0], prompts, look.comparison.likeness(extra[1]), chain.texture);
    chain.moveTo(scope.release(look.embeds));
    return { picture, insight };
  } finally {
    scope.dispose();
  }
}

/** Reports progress with the remaining time. Units of work: one per denoising step, and two for the other stages. */
function reporter({ frames, steps }: Settings, { onProgress }: Watch) {
  const unitsPerFrame = steps + 2;
  const estimate = new Estimate(() => performance.now());
  return (frame: number, stage: Progress['stage'], step: number, of: number) => {
    const done = stage === 'denoise' ? 1 + step : stage === 'decode' ? 1 + steps + step : 0;
    if (step > 0 || stage === 'guidance') estimate.tick();
    onProgress?.({
      frame,
      frames,
      stage,
      step,
      of,
      secondsLeft: estimate.secondsFor((frames - frame) * unitsPerFrame - done),
    });
  };
}
