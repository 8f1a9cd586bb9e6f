/** Height and width of latents: a picture's, divided by the model's latent scale. */
export interface LatentSize {
  readonly height: number;
  readonly width: number;
}
