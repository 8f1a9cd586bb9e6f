import { SettingsError } from '../base/index.ts';
import type { LatentSize } from '../base/index.ts';
import type { Compute, DeviceTensor, ModelType } from '../compute/index.ts';
import type { Scope } from './scope.ts';

/**
 * Size of a picture's latents.
 *
 * @param scale Pixels per latent, along a side.
 * @throws SettingsError `size-invalid` if a side is not a multiple of `scale`
 */
export function latentSizeOf(scale: number, width: number, height: number): LatentSize {
  if (width % scale !== 0 || height % scale !== 0 || width < scale || height < scale) {
    throw new SettingsError('size-invalid', `This model cannot make pictures of ${width}×${height}.`, {
      remedy: `Use a width and a height that are multiples of ${scale}.`,
      details: { width, height, multiple: scale },
    });
  }
  return { width: width / scale, height: height / scale };
}

/** Converts latents to a network's number type: the tensor itself if it has that type, or a copy owned by `scope`. */
export function latentsAs(
  type: ModelType,
  latents: DeviceTensor,
  compute: Compute,
  scope: Scope,
): DeviceTensor {
  if (latents.type === type) return latents;
  const converted = scope.own(compute.empty(latents.dims, type));
  compute.modelInput(latents, converted);
  return converted;
}
