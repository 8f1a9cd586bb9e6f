import type { Picture } from '../base/index.ts';
import { Scope } from '../diffusion/index.ts';
import type { Pipeline } from '../diffusion/index.ts';
import { embeddingOf } from './embedding-history.ts';
import type { PromptEmbeds } from './types.ts';

/** Side of the noise picture in pixels. */
const side = 64;

/** Embedding of the noise picture by pipeline, so that the picture is encoded once for a model. */
const encoded = new WeakMap<Pipeline, Float32Array<ArrayBuffer>>();

/**
 * Prompt balance of a picture of noise: its cosine with the positive prompts minus that with the negative ones. It is the
 * reference for detecting pictures that have dissolved into texture (`src/project/stuck.ts`), measured because the range
 * of these cosines differs several-fold between CLIP models. Null without prompts, or if the embedding is not finite.
 *
 * @throws the signal's reason
 */
export async function measureTexture(
  pipeline: Pipeline,
  prompts: PromptEmbeds,
  signal?: AbortSignal,
): Promise<number | null> {
  if (!prompts.text) return null;
  const { compute } = pipeline;
  const scope = new Scope();
  try {
    const values = await embeddingOfNoise(pipeline, signal);
    const embeds = scope.own(compute.upload(values, [1, values.length]));
    const { shifted, report } = pipeline.guide(embeds, {
      ...prompts,
      positiveScale: 0,
      negativeScale: 0,
      repeats: 0,
    });
    scope.own(shifted);
    scope.own(report);
    const [cosines] = await compute.read([report], signal);
    // Cosines with the positive and the negative prompts, before guidance: see `Compute.clipGuidance`.
    const [, positives = 0, , negatives = 0] = cosines ?? [];
    const balance = positives - negatives;
    return Number.isFinite(balance) ? balance : null;
  } finally {
    scope.dispose();
  }
}

async function embeddingOfNoise(
  pipeline: Pipeline,
  signal: AbortSignal | undefined,
): Promise<Float32Array<ArrayBuffer>> {
  const known = encoded.get(pipeline);
  if (known) return known;
  const { compute } = pipeline;
  const scope = new Scope();
  try {
    const picture = scope.own(compute.uploadPicture(noisePicture()));
    const embeds = scope.own(await embeddingOf(pipeline, picture, signal));
    const [values] = await compute.read([embeds], signal);
    const embedding = Float32Array.from(values ?? []);
    encoded.set(pipeline, embedding);
    return embedding;
  } finally {
    scope.dispose();
  }
}

/** Independent uniform noise in each channel; the same every time. */
function noisePicture(): Picture {
  const data = new Uint8ClampedArray(4 * side * side);
  let state = 1;
  for (let i = 0; i < data.length; i++) {
    // Linear congruential generator of Numerical Recipes; its high bits are the random ones.
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    data[i] = i % 4 === 3 ? 255 : state >>> 24;
  }
  return { width: side, height: side, data };
}
