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

/** Help text of a speed for a number of steps, one line. */
export function speedWords(speed: Speed, steps: number): string {
  const computed = stepsComputed({ speed, steps });
  if (speed === 'exact') {
    return `Computes ${steps === 1 ? 'the one step' : `all ${steps} steps`}, as the original program does.`;
  }
  if (computed === steps) return 'Computes the one step: there is nothing to leave out.';
  const saved = Math.round((100 * (steps - computed)) / steps);
  const cost = speed === 'fast' ? 'frames change slightly' : 'details of frames change';
  return `Computes ${computed} of ${steps} steps: saves ${saved} % of denoising, and ${cost}.`;
}
