/** Maximum number of latent channels. Stable Diffusion 1.x has 4, newer autoencoders up to 32. */
export const mostLatentChannels = 64;

/** Height and width of latents: those of the picture divided by the model's latent scale. */
export interface LatentSize {
  readonly height: number;
  readonly width: number;
}
