import type { Picture } from '../base/index.ts';
import { Scope } from '../diffusion/index.ts';
import type { DeviceTensor, Pipeline } from '../diffusion/index.ts';
import { largestBatch } from '../project/index.ts';
import type { FrameLikeness } from './types.ts';

/** Number of previous frames that a frame is compared with. */
const span = 12;
/** Number of embeddings kept: `span` plus a batch, so that a batch can be rolled back. */
const kept = span + largestBatch;

/** Similarity of a picture to earlier ones, on the device. */
export interface Comparison {
  /** float32 [1, n]. The caller disposes it. */
  readonly cosines: DeviceTensor;
  /** Interprets the cosines after read-back. */
  readonly likeness: (cosines: Float32Array | undefined) => FrameLikeness;
}

/**
 * Embeddings of an animation's start and of its latest frames, on the device, to compare new frames with. Row 0 is the
 * start; the other rows are a ring buffer. The creator disposes it.
 */
export class EmbeddingHistory {
  readonly #pipeline: Pipeline;
  /** float32 [1 + kept, d] */
  readonly #rows: DeviceTensor;
  #count = 0;

  /** @param start - float32 [1, d] */
  constructor(pipeline: Pipeline, start: DeviceTensor) {
    const { compute } = pipeline;
    this.#pipeline = pipeline;
    this.#rows = compute.empty([1 + kept, ...start.dims.slice(1)], 'float32');
    compute.copyRows(start, this.#rows, 0);
  }

  /**
   * Builds the history of a sequence of pictures. Also returns the embedding of the last, float32 [1, d]. The caller owns
   * both.
   *
   * @param pictures At least one; more than `span` are useless.
   * @param origin The animation's first picture, if it is not the first of `pictures`.
   */
  static async create(
    pipeline: Pipeline,
    pictures: readonly Picture[],
    origin: Picture | undefined,
    signal?: AbortSignal,
  ): Promise<{ history: EmbeddingHistory; embeds: DeviceTensor }> {
    const scope = new Scope();
    const encode = async (picture: Picture) => {
      const input = scope.own(pipeline.compute.uploadPicture(picture));
      return scope.own(await embeddingOf(pipeline, input, signal));
    };
    try {
      const embeddings: DeviceTensor[] = [];
      for (const picture of pictures) embeddings.push(await encode(picture));
      const [first] = embeddings;
      const last = embeddings.at(-1);
      if (!first || !last) throw new RangeError('a history needs at least one picture');
      const history = new EmbeddingHistory(pipeline, origin ? await encode(origin) : first);
      for (const embeds of embeddings) history.add(embeds);
      return { history, embeds: scope.release(last) };
    } finally {
      scope.dispose();
    }
  }

  /** Number of embeddings added, not counting the start. */
  get count(): number {
    return this.#count;
  }

  /** Removes the latest embeddings, at most a batch, so that `count` remain. */
  rewind(count: number): void {
    this.#count = count;
  }

  /** Appends an embedding, float32 [1, d]. */
  add(embeds: DeviceTensor): void {
    this.#pipeline.compute.copyRows(embeds, this.#rows, 1 + (this.#count % kept));
    this.#count++;
  }

  /** Compares an embedding, float32 [1, d], with all rows. */
  compare(embeds: DeviceTensor): Comparison {
    const { compute } = this.#pipeline;
    const count = this.#count;
    const cosines = compute.cosines(embeds, compute.head(this.#rows, 1 + Math.min(count, kept)));
    return { cosines, likeness: (values) => likenessOf(values, count) };
  }

  /** Encodes a frame, uint8 [1, h, w, 4], compares it, and appends it. */
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
    this.#rows.dispose();
  }
}

/** Interprets the cosines with a history of `count` embeddings. */
function likenessOf(cosines: Float32Array | undefined, count: number): FrameLikeness {
  const [start] = cosines ?? [];
  const earlier = Array.from(
    { length: Math.min(count, span) },
    (_, back) => cosines?.[1 + ((count - 1 - back) % kept)],
  );
  const known = [start, ...earlier].filter((value) => value !== undefined);
  // The embedding of a picture may be NaN if the network failed on it.
  if (start === undefined || !known.every(Number.isFinite)) return unknownLikeness;
  const [, predecessor = null, ...rest] = known;
  return { start, predecessor, earlier: rest };
}

/** Likeness of a frame whose embedding was not computed. */
export const unknownLikeness: FrameLikeness = { start: null, predecessor: null, earlier: [] };

/** A picture's embedding [1, d], converted to float32. Takes the same pictures as `Pipeline.encode`. */
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
    // Guidance with no repeats, used as a conversion to float32.
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
