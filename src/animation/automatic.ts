import type { Picture } from '../base/index.ts';
import { Scope } from '../diffusion/index.ts';
import type { Pipeline } from '../diffusion/index.ts';
import type { Settings } from '../project/index.ts';
import { Estimate } from './estimate.ts';
import { guidedEmbedding, renderFrames } from './frames.ts';
import { toInsight } from './insight.ts';
import type { Frame, Insight, Progress, PromptEmbeds, Watch } from './types.ts';

export interface AutomaticInput {
  /** The picture that the first new frame is a variant of, of any size. */
  readonly start: Picture;
  /** Number of the first new frame in the animation: noise depends on the seed and on this alone. */
  readonly firstFrame: number;
  readonly settings: Settings;
  readonly prompts: PromptEmbeds;
}

/**
 * Automatic mode (`generate.py` of the original program): every frame is a variant of the one before. A frame is
 * made from its predecessor's 8-bit picture, so going on from a saved picture gives the same frames as not stopping.
 *
 * @throws the signal's reason within a denoising step of the signal; frames already yielded stay good
 */
export async function* automatic(
  pipeline: Pipeline,
  { start, firstFrame, settings, prompts }: AutomaticInput,
  watch: Watch = {},
): AsyncGenerator<Frame, void, undefined> {
  const report = reporter(settings, watch);
  let previous = start;
  for (let index = 0; index < settings.frames; index++) {
    watch.signal?.throwIfAborted();
    const began = performance.now();
    const made = await variant(pipeline, previous, firstFrame + index, settings, prompts, {
      signal: watch.signal,
      onStage: (stage, step, of) => {
        report(index, stage, step, of);
      },
      onPreview: watch.onPreview && ((picture) => watch.onPreview?.(index, picture)),
    });
    yield { index, ...made, seconds: (performance.now() - began) / 1000 };
    previous = made.picture;
  }
}

interface VariantWatch {
  readonly signal: AbortSignal | undefined;
  readonly onStage: (stage: Progress['stage'], step: number, of: number) => void;
  readonly onPreview: ((picture: Picture) => void) | undefined;
}

/** One frame from the one before: the five stages of the design, in order. */
async function variant(
  pipeline: Pipeline,
  previous: Picture,
  frame: number,
  settings: Settings,
  prompts: PromptEmbeds,
  { signal, onStage, onPreview }: VariantWatch,
): Promise<{ picture: Picture; insight: Insight }> {
  const { width, height, steps, guidanceScale, seed } = settings;
  const scope = new Scope();
  try {
    onStage('encode', 0, 1);
    const { shifted, report } = await guidedEmbedding(
      pipeline,
      previous,
      { ...prompts, ...settings },
      {
        signal,
        onEncoded: () => {
          onStage('guidance', 0, 1);
        },
      },
    );
    scope.own(shifted);
    scope.own(report);

    onStage('denoise', 0, steps);
    const noise = scope.own(pipeline.noise([{ seed, frame, variant: 0 }], width, height));
    const { pictures, extra } = await renderFrames(
      pipeline,
      { embeds: shifted, noise, steps, guidanceScale, extra: [report] },
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
    if (!picture) throw new RangeError('a batch of one has one frame');
    return { picture, insight: toInsight(extra[0], prompts) };
  } finally {
    scope.dispose();
  }
}

/** Counts the stages of all frames as units of work, a denoising step being one, and reports with the time left. */
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
