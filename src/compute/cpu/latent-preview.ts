import { at } from './arrays.ts';
import { toByte } from './frame-from-decoded.ts';

/**
 * Approximates the decoder by a linear map from latent channels to RGB.
 *
 * @param latents [batch, channels, height, width]
 * @param factors r, g, b of each latent channel, then the bias of r, g, b; results are in -1…1.
 * @returns opaque RGBA [batch, height, width, 4]
 */
export function latentPreview(
  latents: Float32Array,
  factors: readonly number[],
  { batch, channels, height, width }: Readonly<Record<'batch' | 'channels' | 'height' | 'width', number>>,
): Uint8ClampedArray<ArrayBuffer> {
  const area = height * width;
  const out = new Uint8ClampedArray(4 * batch * area);
  for (let item = 0; item < batch; item++) {
    for (let pixel = 0; pixel < area; pixel++) {
      const target = 4 * (item * area + pixel);
      for (let color = 0; color < 3; color++) {
        let sum = at(factors, 3 * channels + color);
        for (let channel = 0; channel < channels; channel++) {
          sum += at(factors, 3 * channel + color) * at(latents, (channels * item + channel) * area + pixel);
        }
        out[target + color] = toByte(sum);
      }
      out[target + 3] = 255;
    }
  }
  return out;
}
