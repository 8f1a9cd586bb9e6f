import * as v from 'valibot';

export const easingSchema = v.picklist(['linear', 'in-out', 'in', 'out']);
/** How the pace changes on the way from one variant to the next. */
export type Easing = v.InferOutput<typeof easingSchema>;

/** From 0 … 1 to 0 … 1; none runs back, and all begin at 0 and end at 1. */
const curves: Readonly<Record<Easing, (t: number) => number>> = {
  linear: (t) => t,
  'in-out': (t) => t * t * (3 - 2 * t),
  in: (t) => t * t,
  out: (t) => t * (2 - t),
};

/** How far along a leg one is after a share `t` of its frames, both from 0 to 1. */
export function ease(easing: Easing, t: number): number {
  return curves[easing](t);
}
