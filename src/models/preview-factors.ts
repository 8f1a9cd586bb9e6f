import { ModelError } from '../base/index.ts';

/**
 * Linear preview of Stable Diffusion 1.x latents: r, g, b for each channel, then the bias. From a linear regression of
 * decoded pictures on their latents; widely used.
 */
const stableDiffusion = [
  0.298, 0.207, 0.208, 0.187, 0.286, 0.173, -0.158, 0.189, 0.264, -0.184, -0.271, -0.473, 0, 0, 0,
];

/** Factors that show the mean of all channels as grey. */
function grey(channels: number): number[] {
  return Array.from({ length: 3 * (channels + 1) }, (_, index) => (index < 3 * channels ? 1 / channels : 0));
}

/**
 * Preview factors of a model: r, g, b for each latent channel, then the bias.
 *
 * @param own The model's own factors. Without them, four channels are assumed to be Stable Diffusion's.
 * @throws ModelError `manifest-invalid` if there are factors for another number of channels
 */
export function previewFactors(own: readonly number[] | undefined, channels: number): readonly number[] {
  if (!own) return channels === 4 ? stableDiffusion : grey(channels);
  const expected = 3 * (channels + 1);
  if (own.length !== expected) {
    throw new ModelError(
      'manifest-invalid',
      `The model's manifest is not usable: "previewFactors" has ${own.length} numbers; its latents of ${channels} channels need ${expected}.`,
      {
        remedy: 'Remove "previewFactors" from the manifest, or ask its author for the right ones.',
        details: { key: 'previewFactors', length: own.length, expected },
      },
    );
  }
  return own;
}
