import type { SolverStep } from '../types.ts';
import { at } from './arrays.ts';

/**
 * One step of DPM-Solver++ (Lu et al. 2022, "DPM-Solver++: fast solver for guided sampling of diffusion
 * probabilistic models"), in place, with classifier-free guidance (Ho & Salimans 2021) when `modelOutput` holds
 * an unconditional half before the conditional one.
 *
 * @param modelOutput as many numbers as `latents`, or twice that
 * @param state `latents`, `previousX0` and `modelInput` are all written; `difference`, of guidance, is written where
 *   there are two halves and read where there is one
 * @returns whether all new latents are finite
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
    // A first step has no predecessor: whatever an earlier frame left there, even NaN, must not get in.
    const previous = step.previousWeight === 0 ? 0 : step.previousWeight * at(previousX0, i);
    const next = step.sampleWeight * sample + step.x0Weight * x0 + previous;
    finite &&= Number.isFinite(Math.fround(next));
    latents[i] = next;
    previousX0[i] = x0;
    modelInput[i] = next;
  }
  return finite;
}
