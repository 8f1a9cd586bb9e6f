import type { Picture } from '../base/index.ts';
import { Scope } from '../diffusion/index.ts';
import type { DeviceTensor, GuidanceTerms, Pipeline } from '../diffusion/index.ts';
import { Previews } from './preview.ts';

/**
 * Encodes a picture and applies CLIP guidance: `shifted` float32 [1, d], and the `report` of `Compute.clipGuidance`. The
 * caller owns both.
 */
export async function guidedEmbedding(
  pipeline: Pipeline,
  picture: Picture,
  terms: GuidanceTerms,
  watch: { readonly signal?: AbortSignal | undefined; readonly onEncoded?: () => void } = {},
): Promise<{ shifted: DeviceTensor; report: DeviceTensor }> {
  const scope = new Scope();
  try {
    const input = scope.own(pipeline.compute.uploadPicture(picture));
    const embeds = scope.own(await pipeline.encode(input, watch.signal));
    watch.signal?.throwIfAborted();
    watch.onEncoded?.();
    return pipeline.guide(embeds, terms);
  } finally {
    scope.dispose();
  }
}

export interface RenderInput {
  /** float32 [b, d]. */
  readonly embeds: DeviceTensor;
  /** float32 [b, latent channels, h, w]. */
  readonly noise: DeviceTensor;
  readonly steps: number;
  readonly guidanceScale: number;
  /** Float tensors to read in the same read-back as the frames. */
  readonly extra?: readonly DeviceTensor[];
  /**
   * Measures the finished frames, uint8 [b, H, W, 4], on the device; the results are appended to `extra`. Called again if
   * frames are recomputed; only the last call counts.
   */
  readonly measure?: (frames: DeviceTensor) => Promise<readonly DeviceTensor[]>;
}

export interface RenderWatch {
  readonly signal?: AbortSignal | undefined;
  readonly onStep?: ((step: number, of: number) => void) | undefined;
  readonly onDecode?: (() => void) | undefined;
  readonly onPreview?: ((pictures: Picture[]) => void) | undefined;
}

/**
 * Renders a batch of frames, one per row of embeddings and noise, with one read-back. If a network overflows float16,
 * renders once more with that network in float32.
 *
 * @throws NotFiniteError if a network's output is not finite in float32 either, what `Pipeline.fallBackToFloat32` throws, or the
 *   signal's reason
 */
export async function renderFrames(
  pipeline: Pipeline,
  input: RenderInput,
  watch: RenderWatch = {},
): Promise<{ pictures: Picture[]; extra: Float32Array<ArrayBuffer>[] }> {
  for (;;) {
    try {
      return await renderOnce(pipeline, input, watch);
    } catch (error) {
      if (!(await pipeline.fallBackToFloat32(error, input.embeds))) throw error;
    }
  }
}

async function renderOnce(
  pipeline: Pipeline,
  { embeds, noise, steps, guidanceScale, extra = [], measure }: RenderInput,
  { signal, onStep, onDecode, onPreview }: RenderWatch,
): Promise<{ pictures: Picture[]; extra: Float32Array<ArrayBuffer>[] }> {
  const previews = onPreview && new Previews(pipeline, onPreview);
  const scope = new Scope();
  try {
    const onLatents =
      previews &&
      ((latents: DeviceTensor) => {
        previews.start(latents);
      });
    const overflow = scope.own(pipeline.overflowFlags());
    const latents = scope.own(
      await pipeline.denoise({ embeds, noise, steps, guidanceScale, signal, overflow, onStep, onLatents }),
    );
    onDecode?.();
    const frames = scope.own(await pipeline.decode(latents, signal, overflow));
    const measured = (await measure?.(frames)) ?? [];
    return await pipeline.read(frames, [...extra, ...measured], signal, overflow);
  } finally {
    await previews?.settled();
    scope.dispose();
  }
}
