import * as v from 'valibot';

export const speedSchema = v.picklist(['exact', 'fast', 'fastest']);

/** How many of the denoising steps are computed: all of them, or fewer to save time. */
export type Speed = v.InferOutput<typeof speedSchema>;

/** Steps that are computed out of a hundred. What the others save and cost: docs/performance.md, "Fewer evaluations". */
const computedOfHundred: Readonly<Record<Speed, number>> = { exact: 100, fast: 60, fastest: 40 };

/** How many denoising steps frames with these settings take: at least one, and all of them at the speed Exact. */
export function stepsComputed({ speed, steps }: { readonly speed: Speed; readonly steps: number }): number {
  return Math.max(1, Math.floor((steps * computedOfHundred[speed]) / 100));
}

/** What a speed does at so many steps, in one line. */
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
