import type { Picture } from '../base/index.ts';
import { NotFiniteError, Scope } from '../diffusion/index.ts';
import type { DeviceTensor, OverflowFlags, Pipeline } from '../diffusion/index.ts';
import { Previews } from './preview.ts';

export interface VariantsInput {
  /** float32 [1, d], shared by all variants. */
  readonly embeds: DeviceTensor;
  /** float32 [b, latent channels, h, w], one row per variant. */
  readonly noise: DeviceTensor;
  readonly steps: number;
  readonly guidanceScale: number;
  /** Float tensors to read with the first picture. */
  readonly extra?: readonly DeviceTensor[];
  /** Measures a finished variant, uint8 [1, H, W, 4], on the device. Its results are appended to `extra` and disposed. */
  readonly measure?: ((frame: DeviceTensor) => Promise<readonly DeviceTensor[]>) | undefined;
}

export interface VariantsWatch {
  readonly signal?: AbortSignal | undefined;
  /** Called at every step: true if previews are wanted. */
  readonly previews?: () => boolean;
}

export type VariantsEvent =
  /** `step` denoising steps are done. */
  | { readonly kind: 'step'; readonly step: number }
  /** Previews of all variants, one pixel per latent. */
  | { readonly kind: 'preview'; readonly pictures: readonly Picture[] }
  /** A finished variant; `extra` has the values read with it. */
  | {
      readonly kind: 'variant';
      readonly index: number;
      readonly picture: Picture;
      readonly extra: readonly Float32Array<ArrayBuffer>[];
    };

/**
 * Makes a batch of variants of one embedding (`generate_choose.py` of the original program): denoises them together, then
 * decodes one at a time, because a decoder needs far more memory than a denoising step. Each `next` computes one step or
 * one picture. If a network overflows float16, its work is redone in float32.
 *
 * @throws NotFiniteError if a network's output is not finite in float32 either, what `Pipeline.fallBackToFloat32` throws, or the
 *   signal's reason, within one step
 */
export async function* variants(
  pipeline: Pipeline,
  { embeds, noise, steps, guidanceScale, extra = [], measure }: VariantsInput,
  { signal, previews = () => false }: VariantsWatch = {},
): AsyncGenerator<VariantsEvent, void, undefined> {
  const { compute } = pipeline;
  const [batch = 0] = noise.dims;
  const scope = new Scope();
  let shown: readonly Picture[] | null = null;
  const previewer = new Previews(pipeline, (pictures) => {
    shown = pictures;
  });
  const preview = (): VariantsEvent[] => {
    const pictures = shown;
    shown = null;
    return pictures ? [{ kind: 'preview', pictures }] : [];
  };
  try {
    const rows = scope.own(compute.empty([batch, ...embeds.dims.slice(1)], 'float32'));
    for (let index = 0; index < batch; index++) compute.copyRows(embeds, rows, index);

    let overflow = scope.own(pipeline.overflowFlags());
    let latents: DeviceTensor | null = null;
    for (let index = 0; index < batch;) {
      try {
        if (!latents) {
          const run = pipeline.denoising({ embeds: rows, noise, steps, guidanceScale, signal, overflow });
          for await (const { step, latents: unfinished, denoised } of run) {
            if (denoised) latents = scope.own(denoised);
            else if (previews()) previewer.start(unfinished);
            if (step > 0) yield { kind: 'step', step };
            yield* preview();
          }
          await previewer.settled();
          yield* preview();
        }
        if (!latents) throw new RangeError('a run of denoising has a result');
        signal?.throwIfAborted();
        const reads = { extra: index === 0 ? extra : [], measure };
        yield { ...(await picture(pipeline, latents, index, reads, overflow, signal)), index };
        index++;
      } catch (error) {
        if (!(await pipeline.fallBackToFloat32(error, embeds))) throw error;
        // The flags belong to the failed attempt. Latents on which only the decoder failed are still good.
        overflow = scope.own(pipeline.overflowFlags());
        if (error instanceof NotFiniteError && error.network === 'unet') latents = null;
      }
    }
  } finally {
    await previewer.settled();
    scope.dispose();
  }
}

async function picture(
  pipeline: Pipeline,
  latents: DeviceTensor,
  index: number,
  { extra = [], measure }: Pick<VariantsInput, 'extra' | 'measure'>,
  overflow: OverflowFlags,
  signal: AbortSignal | undefined,
) {
  const scope = new Scope();
  try {
    const row = scope.own(pipeline.compute.row(latents, index));
    const frame = scope.own(await pipeline.decode(row, signal, overflow));
    const measured = ((await measure?.(frame)) ?? []).map((tensor) => scope.own(tensor));
    const read = await pipeline.read(frame, [...extra, ...measured], signal, overflow);
    const [made] = read.pictures;
    if (!made) throw new RangeError('a batch of one has one picture');
    return { kind: 'variant', picture: made, extra: read.extra } as const;
  } finally {
    scope.dispose();
  }
}
