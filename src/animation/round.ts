import type { Picture } from '../base/index.ts';
import { Scope } from '../diffusion/index.ts';
import type { DeviceTensor, Pipeline } from '../diffusion/index.ts';
import { stepsComputed, variantOf } from '../project/index.ts';
import type { Settings } from '../project/index.ts';
import { toInsight } from './insight.ts';
import { EmbeddingHistory, embeddingOf, unknownLikeness } from './embedding-history.ts';
import type { Comparison } from './embedding-history.ts';
import { measureTexture } from './texture.ts';
import type { Insight, Progress, PromptEmbeds } from './types.ts';
import { variants } from './variants.ts';

/** Inputs of a round of picking: equal inputs give equal candidates, bit for bit. */
export interface RoundInput {
  /** The picture that the candidates are variants of; any size. */
  readonly start: Picture;
  /** The animation's first picture if it is not `start`; any size. Candidates are compared with it. */
  readonly origin?: Picture | undefined;
  /** Index of the frame being picked. */
  readonly frame: number;
  /** Number of re-rolls; each roll has different noise. */
  readonly roll: number;
  /** Number of candidates, at least 1. */
  readonly batch: number;
  readonly settings: Settings;
}

/** A variant that can become the next frame. */
export interface Candidate {
  /** Index in the round. */
  readonly index: number;
  /** Variant of its noise key: with seed, frame, batch and settings it reproduces this picture. */
  readonly variant: number;
  readonly picture: Picture;
  readonly insight: Insight;
}

export type RoundUpdate =
  | {
      readonly kind: 'progress';
      readonly stage: Progress['stage'];
      /** Within the stage; for `decode`, the number of candidates. */
      readonly step: number;
      readonly of: number;
    }
  /** Previews of all candidates. */
  | { readonly kind: 'preview'; readonly pictures: readonly Picture[] }
  | { readonly kind: 'candidate'; readonly candidate: Candidate };

export interface RoundWatch {
  readonly signal: AbortSignal;
  /** Called at every step: true if previews are wanted. */
  readonly previews: () => boolean;
}

/**
 * A round of picking by hand: `batch` variants of one picture. Each `next` computes one denoising step or one picture;
 * between calls it can be suspended indefinitely. Ending it frees everything.
 *
 * @param embedPrompts Encodes the prompts; this function disposes them.
 * @throws the signal's reason, within one step
 */
export async function* makeRound(
  pipeline: Pipeline,
  { start, origin, frame, roll, batch, settings }: RoundInput,
  embedPrompts: (signal: AbortSignal) => Promise<PromptEmbeds>,
  { signal, previews }: RoundWatch,
): AsyncGenerator<RoundUpdate, void, undefined> {
  const { width, height, guidanceScale, seed } = settings;
  const steps = stepsComputed(settings);
  const scope = new Scope();
  try {
    yield { kind: 'progress', stage: 'encode', step: 0, of: 1 };
    const prompts = await embedPrompts(signal);
    if (prompts.text) scope.own(prompts.text);
    signal.throwIfAborted();
    const texture = await measureTexture(pipeline, prompts, signal);
    const { history, embeds } = await EmbeddingHistory.create(pipeline, [start], origin, signal);
    scope.own(history);
    scope.own(embeds);
    signal.throwIfAborted();
    const { shifted, report } = pipeline.guide(embeds, { ...prompts, ...settings });
    scope.own(shifted);
    scope.own(report);
    yield { kind: 'progress', stage: 'denoise', step: 0, of: steps };

    const keys = Array.from({ length: batch }, (_, index) => ({
      seed,
      frame,
      variant: variantOf(roll, index),
    }));
    const noise = scope.own(pipeline.noise(keys, width, height));
    let likenessOf: Comparison['likeness'] = () => unknownLikeness;
    const measure = async (candidate: DeviceTensor) => {
      const own = await embeddingOf(pipeline, candidate, signal);
      try {
        const { cosines, likeness } = history.compare(own);
        likenessOf = likeness;
        return [cosines];
      } finally {
        own.dispose();
      }
    };
    const made = variants(
      pipeline,
      { embeds: shifted, noise, steps, guidanceScale, extra: [report], measure },
      { signal, previews },
    );
    let guided: Insight | null = null;
    for await (const event of made) {
      if (event.kind === 'preview') {
        yield event;
      } else if (event.kind === 'step') {
        yield { kind: 'progress', stage: 'denoise', step: event.step, of: steps };
      } else {
        const { index, picture, extra } = event;
        // All candidates come from one embedding, so its measurements apply to all.
        guided ??= toInsight(extra[0], prompts, unknownLikeness, texture);
        const insight = { ...guided, ...likenessOf(extra.at(-1)) };
        yield { kind: 'candidate', candidate: { index, variant: variantOf(roll, index), picture, insight } };
        yield { kind: 'progress', stage: 'decode', step: index + 1, of: batch };
      }
    }
  } finally {
    scope.dispose();
  }
}
