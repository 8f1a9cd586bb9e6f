import { ModelError } from '../../base/index.ts';
import type { UnetConfig } from './unet.ts';
import type { VaeConfig } from './vae.ts';

/**
 * Checks that UNet and decoder have the same number of latent channels.
 *
 * @throws ModelError `config-unsupported`
 */
export function checkLatents(
  unet: Pick<UnetConfig, 'inChannels'>,
  vae: Pick<VaeConfig, 'latentChannels'>,
): void {
  if (unet.inChannels === vae.latentChannels) return;
  throw new ModelError(
    'config-unsupported',
    `The model’s UNet makes latents of ${unet.inChannels} channels, and its decoder reads ${vae.latentChannels}.`,
    {
      remedy: 'The two are of different models. Get both from where the model came from.',
      details: { key: 'latent_channels', unet: unet.inChannels, decoder: vae.latentChannels },
    },
  );
}
