import { Scope } from '../diffusion/index.ts';
import type { DeviceTensor, Pipeline } from '../diffusion/index.ts';
import type { Likeness } from './types.ts';

/** How many frames back a frame is compared with those before it. */
const span = 12;

/**
 * Where a chain of frames began and where it was last, as embeddings on the device, to compare the next frame with.
 * Row 0 is the start; the rows after it are filled in turn, the oldest giving way. Whoever makes it disposes it.
 */
export class Past {
  readonly #pipeline: Pipeline;
  readonly #places: DeviceTensor;
  #count = 0;

  /** @param start - float32 [1, d] */
  constructor(pipeline: Pipeline, start: DeviceTensor) {
    const { compute } = pipeline;
    this.#pipeline = pipeline;
    this.#places = compute.empty([1 + span, ...start.dims.slice(1)], 'float32');
    compute.copyRows(start, this.#places, 0);
  }

  /** Takes note of the next place, float32 [1, d]. */
  add(embeds: DeviceTensor): void {
    this.#pipeline.compute.copyRows(embeds, this.#places, 1 + (this.#count % span));
    this.#count++;
  }

  /** Cosines of an embedding, float32 [1, d], with all that is known: [1, n], for `likeness`. The caller disposes it. */
  compare(embeds: DeviceTensor): DeviceTensor {
    const { compute } = this.#pipeline;
    return compute.cosines(embeds, compute.head(this.#places, 1 + Math.min(this.#count, span)));
  }

  /** What `compare` has given, as long as no place was added since. */
  likeness(cosines: Float32Array | undefined): Likeness {
    // The embedding of a picture that a network failed on compares with nothing.
    if (!cosines?.every(Number.isFinite)) return unknownLikeness;
    const back = (by: number) => cosines[1 + ((this.#count - by) % span)];
    const earlier = Array.from({ length: Math.min(this.#count, span) }, (_, index) => back(index + 1));
    const [predecessor = null, ...rest] = earlier.filter((value) => value !== undefined);
    return { start: cosines[0] ?? null, predecessor, earlier: rest };
  }

  dispose(): void {
    this.#places.dispose();
  }
}

/** That of a frame whose embedding nobody has computed. */
export const unknownLikeness: Likeness = { start: null, predecessor: null, earlier: [] };

/** A picture's embedding [1, d] in float32, whatever its network computes in. Takes the picture as `Pipeline.encode` does. */
export async function embeddingOf(
  pipeline: Pipeline,
  picture: DeviceTensor,
  signal?: AbortSignal,
): Promise<DeviceTensor> {
  const embeds = await pipeline.encode(picture, signal);
  if (embeds.type === 'float32') return embeds;
  const scope = new Scope();
  try {
    scope.own(embeds);
    // Guidance that leads nowhere.
    const { shifted, report } = pipeline.guide(embeds, {
      text: null,
      positives: 0,
      negatives: 0,
      positiveScale: 0,
      negativeScale: 0,
      repeats: 0,
    });
    scope.own(report);
    return shifted;
  } finally {
    scope.dispose();
  }
}
