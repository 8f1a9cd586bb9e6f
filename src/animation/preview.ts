import type { Picture } from '../base/index.ts';
import type { DeviceTensor, Pipeline } from '../diffusion/index.ts';

/** Reads small previews of latents while a frame is made. Skips a preview while one is pending, so it never blocks. */
export class Previews {
  readonly #pipeline: Pipeline;
  readonly #show: (pictures: Picture[]) => void;
  #underway: Promise<void> | null = null;

  constructor(pipeline: Pipeline, show: (pictures: Picture[]) => void) {
    this.#pipeline = pipeline;
    this.#show = show;
  }

  /** Starts a preview of latents [b, c, h, w]. */
  start(latents: DeviceTensor): void {
    if (this.#underway) return;
    const { compute, model } = this.#pipeline;
    const preview = compute.latentPreview(latents, model.previewFactors);
    this.#underway = this.#pipeline
      .read(preview)
      .then(({ pictures }) => {
        this.#show(pictures);
      })
      // A failed preview is not an error: the frame itself will show the problem.
      .catch(() => undefined)
      .finally(() => {
        preview.dispose();
        this.#underway = null;
      });
  }

  /** Resolves when the pending preview has been shown and its memory freed. */
  async settled(): Promise<void> {
    await this.#underway;
  }
}
