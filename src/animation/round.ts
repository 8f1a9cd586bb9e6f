import type { Picture } from '../base/index.ts';
import { Scope } from '../diffusion/index.ts';
import type { DeviceTensor, Pipeline } from '../diffusion/index.ts';
import { stepsComputed, variantOf } from '../project/index.ts';
import type { Settings } from '../project/index.ts';
import { toInsight } from './insight.ts';
import { Past, embeddingOf, unknownLikeness } from './past.ts';
import type { Comparison } from './past.ts';
import type { Insight, Progress, PromptEmbeds } from './types.ts';
import { variants } from './variants.ts';

/** Everything that a round of picking depends on: the same input makes the same candidates, bit for bit. */
export interface RoundInput {
  /** The picture that the candidates are variants of, of any size. */
  readonly start: Picture;
  /** The picture that the animation began with, of any size, where that is another: candidates are compared with it. */
  readonly origin?: Picture | undefined;
  /** Number of the frame that is being picked, from 0. */
  readonly frame: number;
  /** How often this round has been rolled again: each roll has noise of its own. */
  readonly roll: number;
  /** How many candidates it makes, at least 1. */
  readonly batch: number;
  readonly settings: Settings;
}

/** A picture that can become the next frame. */
export interface Candidate {
  /** Its place in the round, from 0. */
  readonly index: number;
  /** The variant of its noise key: with seed, frame, batch and settings it makes this very picture again. */
  readonly variant: number;
  readonly picture: Picture;
  readonly insight: Insight;
}

export type RoundEvent =
  | {
      readonly kind: 'progress';
      readonly stage: Progress['stage'];
      /** Within the stage; decoding counts candidates. */
      readonly step: number;
      readonly of: number;
    }
  /** All candidates as they sharpen. */
  | { readonly kind: 'preview'; readonly pictures: readonly Picture[] }
  | { readonly kind: 'candidate'; readonly candidate: Candidate };

export interface RoundWatch {
  readonly signal: AbortSignal;
  /** Whether somebody is looking, asked at every step. */
  readonly previews: () => boolean;
}

/**
 * A round of picking by hand: `batch` variants of one picture. Works only while it is asked for more, a denoising
 * step or a picture each time, and can wait in between for as long as one likes; ending it frees what it holds.
 *
 * @param embedPrompts - gives the prompts' embeddings, which this function disposes
 * @throws the signal's reason within a step of the signal
 */
export async function* makeRound(
  pipeline: Pipeline,
  { start, origin, frame, roll, batch, settings }: RoundInput,
  embedPrompts: (signal: AbortSignal) => Promise<PromptEmbeds>,
  { signal, previews }: RoundWatch,
): AsyncGenerator<RoundEvent, void, undefined> {
  const { width, height, guidanceScale, seed } = settings;
  const steps = stepsComputed(settings);
  const scope = new Scope();
  try {
    yield { kind: 'progress', stage: 'encode', step: 0, of: 1 };
    const prompts = await embedPrompts(signal);
    if (prompts.text) scope.own(prompts.text);
    signal.throwIfAborted();
    const { past, embeds } = await Past.until(pipeline, [start], origin, signal);
    scope.own(past);
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
        const { cosines, likeness } = past.compare(own);
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
        // All candidates are made from one embedding, so what is measured of that is the same for all.
        guided ??= toInsight(extra[0], prompts);
        const insight = { ...guided, ...likenessOf(extra.at(-1)) };
        yield { kind: 'candidate', candidate: { index, variant: variantOf(roll, index), picture, insight } };
        yield { kind: 'progress', stage: 'decode', step: index + 1, of: batch };
      }
    }
  } finally {
    scope.dispose();
  }
}
