import type { Picture } from '../base/index.ts';
import type { DeviceTensor, Pipeline } from '../diffusion/index.ts';

/**
 * Shows latents as small pictures while a frame is made. A picture that would have to wait for the one before is
 * left out, so watching never holds up the work.
 */
export class Previews {
  readonly #pipeline: Pipeline;
  readonly #show: (pictures: Picture[]) => void;
  #underway: Promise<void> | null = null;

  constructor(pipeline: Pipeline, show: (pictures: Picture[]) => void) {
    this.#pipeline = pipeline;
    this.#show = show;
  }

  /** Takes a look at latents [b, c, h, w] as they are now. */
  look(latents: DeviceTensor): void {
    if (this.#underway) return;
    const { compute, model } = this.#pipeline;
    const preview = compute.latentPreview(latents, model.previewFactors);
    this.#underway = this.#pipeline
      .read(preview)
      .then(({ pictures }) => {
        this.#show(pictures);
      })
      // A preview that fails is not worth an error: what is wrong shows in the frame itself.
      .catch(() => undefined)
      .finally(() => {
        preview.dispose();
        this.#underway = null;
      });
  }

  /** Resolves when the last look has been shown and its memory is free. */
  async settled(): Promise<void> {
    await this.#underway;
  }
}
