/** The most channels of latents that models may have; those of Stable Diffusion 1.x have 4, newer autoencoders up to 32. */
export const mostLatentChannels = 64;

/** Height and width of latents: a picture's, divided by the model's latent scale. */
export interface LatentSize {
  readonly height: number;
  readonly width: number;
}
