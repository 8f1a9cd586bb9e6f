import type { Picture } from '../base/index.ts';
import { Scope } from '../diffusion/index.ts';
import type { DeviceTensor, Pipeline } from '../diffusion/index.ts';
import type { Likeness } from './types.ts';

/** How many frames back a frame is compared with those before it. */
const span = 12;

/** How like a picture is to those before it, on the device. */
export interface Comparison {
  /** float32 [1, n]. The caller disposes it. */
  readonly cosines: DeviceTensor;
  /** What the cosines, read back, say. */
  readonly likeness: (cosines: Float32Array | undefined) => Likeness;
}

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

  /**
   * A past that ends with the picture `last`, whose embedding float32 [1, d] comes with it; both belong to the caller.
   *
   * @param origin - the picture that the animation began with, where that is another
   */
  static async until(
    pipeline: Pipeline,
    last: Picture,
    origin: Picture | undefined,
    signal?: AbortSignal,
  ): Promise<{ past: Past; embeds: DeviceTensor }> {
    const scope = new Scope();
    const encode = async (picture: Picture) => {
      const input = scope.own(pipeline.compute.uploadPicture(picture));
      return scope.own(await embeddingOf(pipeline, input, signal));
    };
    try {
      const embeds = await encode(last);
      const past = new Past(pipeline, origin ? await encode(origin) : embeds);
      past.add(embeds);
      return { past, embeds: scope.release(embeds) };
    } finally {
      scope.dispose();
    }
  }

  /** Takes note of the next place, float32 [1, d]. */
  add(embeds: DeviceTensor): void {
    this.#pipeline.compute.copyRows(embeds, this.#places, 1 + (this.#count % span));
    this.#count++;
  }

  /** Compares an embedding, float32 [1, d], with all that is known. */
  compare(embeds: DeviceTensor): Comparison {
    const { compute } = this.#pipeline;
    const count = this.#count;
    const cosines = compute.cosines(embeds, compute.head(this.#places, 1 + Math.min(count, span)));
    return { cosines, likeness: (values) => likenessOf(values, count) };
  }

  /** Encodes a frame, uint8 [1, h, w, 4], compares it with all that is known, and takes note of it. */
  async follow(frame: DeviceTensor, signal?: AbortSignal): Promise<Comparison> {
    const embeds = await embeddingOf(this.#pipeline, frame, signal);
    try {
      const comparison = this.compare(embeds);
      this.add(embeds);
      return comparison;
    } finally {
      embeds.dispose();
    }
  }

  dispose(): void {
    this.#places.dispose();
  }
}

/** What the cosines with a past of `count` places say. */
function likenessOf(cosines: Float32Array | undefined, count: number): Likeness {
  // The embedding of a picture that a network failed on compares with nothing.
  if (!cosines?.every(Number.isFinite)) return unknownLikeness;
  const back = (by: number) => cosines[1 + ((count - by) % span)];
  const earlier = Array.from({ length: Math.min(count, span) }, (_, index) => back(index + 1));
  const [predecessor = null, ...rest] = earlier.filter((value) => value !== undefined);
  return { start: cosines[0] ?? null, predecessor, earlier: rest };
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
