import type { SolverStep } from '../types.ts';
import { at } from './arrays.ts';

/**
 * One step of DPM-Solver++ (Lu et al. 2022, "DPM-Solver++: fast solver for guided sampling of diffusion probabilistic
 * models"), in place, with classifier-free guidance (Ho & Salimans 2021) if `modelOutput` has an unconditional half,
 * which precedes the conditional one.
 *
 * @param modelOutput As long as `latents`, or twice as long.
 * @param state `latents`, `previousX0` and `modelInput` are overwritten. `difference` (of guidance) is written if there
 *   are two halves, and read if there is one.
 * @returns true if all new latents are finite
 */
export function dpmSolverStep(
  step: SolverStep,
  guidanceScale: number,
  modelOutput: Float32Array,
  state: {
    latents: Float32Array;
    previousX0: Float32Array;
    modelInput: Float32Array;
    difference: Float32Array | null;
  },
): boolean {
  const { latents, previousX0, modelInput, difference } = state;
  const count = latents.length;
  const full = modelOutput.length > count;
  let finite = true;
  for (let i = 0; i < count; i++) {
    let output = at(modelOutput, i);
    if (full) {
      const between = at(modelOutput, count + i) - output;
      output += guidanceScale * between;
      if (difference) difference[i] = between;
    } else if (difference) {
      output += (guidanceScale - 1) * at(difference, i);
    }
    const sample = at(latents, i);
    const x0 = step.x0FromSample * sample + step.x0FromOutput * output;
    // The first step has no predecessor: leftovers of an earlier frame, which may be NaN, must not be multiplied by 0.
    const previous = step.previousWeight === 0 ? 0 : step.previousWeight * at(previousX0, i);
    const next = step.sampleWeight * sample + step.x0Weight * x0 + previous;
    finite &&= Number.isFinite(Math.fround(next));
    latents[i] = next;
    previousX0[i] = x0;
    modelInput[i] = next;
  }
  return finite;
}
