import * as v from 'valibot';

export const easingSchema = v.picklist(['linear', 'in-out', 'in', 'out', 'adaptive']);
/**
 * Easing function of a segment in smooth mode; `adaptive` has none: its frames are where the picture changes. See
 * `AdaptiveSampling`.
 */
export type Easing = v.InferOutput<typeof easingSchema>;

/** Monotonic functions from 0 … 1 to 0 … 1 that map 0 to 0 and 1 to 1. */
const curves: Readonly<Record<Easing, (t: number) => number>> = {
  linear: (t) => t,
  'in-out': (t) => t * t * (3 - 2 * t),
  in: (t) => t * t,
  out: (t) => t * (2 - t),
  adaptive: (t) => t,
};

/** Position along a segment, 0 … 1, after the share `t` of its frames, 0 … 1. */
export function ease(easing: Easing, t: number): number {
  return curves[easing](t);
}
