import type { Picture } from '../base/index.ts';
import { NotFiniteError, Scope } from '../diffusion/index.ts';
import type { DeviceTensor, Faults, Pipeline } from '../diffusion/index.ts';
import { Previews } from './preview.ts';

export interface VariantsInput {
  /** float32 [1, d]: what all variants are made from. */
  readonly embeds: DeviceTensor;
  /** float32 [b, latent channels, h, w]: what they differ in. */
  readonly noise: DeviceTensor;
  readonly steps: number;
  readonly guidanceScale: number;
  /** Float tensors that come along with the first picture. */
  readonly extra?: readonly DeviceTensor[];
  /** Measures a finished variant, uint8 [1, H, W, 4], on the device. What it gives comes along last, and is disposed. */
  readonly measure?: ((frame: DeviceTensor) => Promise<readonly DeviceTensor[]>) | undefined;
}

export interface VariantsWatch {
  readonly signal?: AbortSignal | undefined;
  /** Whether somebody is looking, asked at every step. */
  readonly previews?: () => boolean;
}

export type VariantsEvent =
  /** So many steps of denoising are computed. */
  | { readonly kind: 'step'; readonly step: number }
  /** All variants as they sharpen: small pictures, one pixel for each latent. */
  | { readonly kind: 'preview'; readonly pictures: readonly Picture[] }
  /** A finished variant; `extra` holds what came along. */
  | {
      readonly kind: 'variant';
      readonly index: number;
      readonly picture: Picture;
      readonly extra: readonly Float32Array<ArrayBuffer>[];
    };

/**
 * A batch of variants from one embedding (`generate_choose.py` of the original program): denoised together, then
 * decoded one after another, because a decoder needs far more memory than a step does. Works only while it is asked
 * for more: a step of denoising, or a picture, each time. Where a network has left the range of float16, what it gave is
 * made once more with that network in float32.
 *
 * @throws NotFiniteError when a network gives what is no picture in float32 either, what `Pipeline.widen` throws, or the
 *   signal's reason within a step of the signal
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
  const looks = new Previews(pipeline, (pictures) => {
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

    let faults = scope.own(pipeline.faults());
    let latents: DeviceTensor | null = null;
    for (let index = 0; index < batch;) {
      try {
        if (!latents) {
          const run = pipeline.denoising({ embeds: rows, noise, steps, guidanceScale, signal, faults });
          for await (const { step, latents: unfinished, denoised } of run) {
            if (denoised) latents = scope.own(denoised);
            else if (previews()) looks.look(unfinished);
            if (step > 0) yield { kind: 'step', step };
            yield* preview();
          }
          await looks.settled();
          yield* preview();
        }
        if (!latents) throw new RangeError('a run of denoising has a result');
        signal?.throwIfAborted();
        const along = { extra: index === 0 ? extra : [], measure };
        yield { ...(await picture(pipeline, latents, index, along, faults, signal)), index };
        index++;
      } catch (error) {
        if (!(await pipeline.widen(error, embeds))) throw error;
        // The marks belong to what has failed; latents that a decoder has failed with are good.
        faults = scope.own(pipeline.faults());
        if (error instanceof NotFiniteError && error.network === 'unet') latents = null;
      }
    }
  } finally {
    await looks.settled();
    scope.dispose();
  }
}

async function picture(
  pipeline: Pipeline,
  latents: DeviceTensor,
  index: number,
  { extra = [], measure }: Pick<VariantsInput, 'extra' | 'measure'>,
  faults: Faults,
  signal: AbortSignal | undefined,
) {
  const scope = new Scope();
  try {
    const row = scope.own(pipeline.compute.row(latents, index));
    const frame = scope.own(await pipeline.decode(row, signal, faults));
    const measured = ((await measure?.(frame)) ?? []).map((tensor) => scope.own(tensor));
    const read = await pipeline.read(frame, [...extra, ...measured], signal, faults);
    const [made] = read.pictures;
    if (!made) throw new RangeError('a batch of one has one picture');
    return { kind: 'variant', picture: made, extra: read.extra } as const;
  } finally {
    scope.dispose();
  }
}
