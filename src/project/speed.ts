import * as v from 'valibot';

export const speedSchema = v.picklist(['exact', 'fast', 'fastest']);

/** Share of the denoising steps that are computed: all of them, or fewer to save time. */
export type Speed = v.InferOutput<typeof speedSchema>;

/** Percentage of the steps that are computed. For savings and costs, see docs/performance.md, "Fewer evaluations". */
const computedOfHundred: Readonly<Record<Speed, number>> = { exact: 100, fast: 60, fastest: 40 };

/** Number of denoising steps that are computed, at least one; all of them at the speed Exact. */
export function stepsComputed({ speed, steps }: { readonly speed: Speed; readonly steps: number }): number {
  return Math.max(1, Math.floor((steps * computedOfHundred[speed]) / 100));
}

/** Measured duration of a frame, and the number of denoising steps that were computed for it. */
export interface FrameTiming {
  readonly seconds: number;
  readonly steps: number;
}

/**
 * Help text of a speed for a number of steps, one line.
 *
 * @param timing of a frame by the same model at the same size, for an estimate of the duration
 */
export function speedWords(speed: Speed, steps: number, timing: FrameTiming | null = null): string {
  const words = savingWords(speed, steps);
  if (!timing) return words;
  // What is not denoising, mostly decoding, takes about as long as a step.
  const seconds = (timing.seconds * (stepsComputed({ speed, steps }) + 1)) / (timing.steps + 1);
  return `${words} About ${seconds < 10 ? Number(seconds.toPrecision(2)) : Math.round(seconds)} s a frame on this device.`;
}

function savingWords(speed: Speed, steps: number): string {
  const computed = stepsComputed({ speed, steps });
  if (speed === 'exact') {
    return `Computes ${steps === 1 ? 'the one step' : `all ${steps} steps`}, as the original program does.`;
  }
  if (computed === steps) return 'Computes the one step: there is nothing to leave out.';
  const saved = Math.round((100 * (steps - computed)) / steps);
  const cost = speed === 'fast' ? 'frames change slightly' : 'details of frames change';
  return `Computes ${computed} of ${steps} steps: saves ${saved} % of denoising, and ${cost}.`;
}
