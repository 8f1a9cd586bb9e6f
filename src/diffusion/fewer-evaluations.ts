/** What is left out of denoising to save time; nothing of it by default. */
export interface FewerEvaluations {
  /**
   * Guidance only where low < σ ≤ high; at other steps the conditional prediction alone (Kynkäänniemi et al. 2024,
   * "Applying guidance in a limited interval improves sample and distribution quality in diffusion models",
   * arXiv 2404.07724).
   */
  readonly guidanceInterval?: { readonly low: number; readonly high: number } | undefined;
  /**
   * After the share `from` of all steps, the difference of conditional and unconditional prediction is computed only at
   * every `every`th step and kept in between: ε = ε_c + (w - 1) · Δ. Guidance stays, where adaptive guidance (Castillo et
   * al. 2023, arXiv 2312.12487) drops it.
   */
  readonly keptGuidance?: { readonly from: number; readonly every: number } | undefined;
}

/** Where a step's guidance comes from: both halves are computed, only the conditional one with a kept difference, or none. */
export type StepGuidance = 'full' | 'kept' | 'none';

/**
 * What each step of a run computes. A step that keeps guidance has a full one before it.
 *
 * @param sigmas - noise over signal at each step, falling
 */
export function guidanceOf(
  sigmas: readonly number[],
  guidanceScale: number,
  { guidanceInterval, keptGuidance }: FewerEvaluations = {},
): StepGuidance[] {
  if (!(guidanceScale > 1)) return sigmas.map(() => 'none');
  /** Steps since the last full one; infinite before the first. */
  let age = Infinity;
  return sigmas.map((sigma, index) => {
    if (guidanceInterval && !(sigma > guidanceInterval.low && sigma <= guidanceInterval.high)) return 'none';
    const keeps = keptGuidance && index >= keptGuidance.from * sigmas.length;
    age = keeps && age + 1 < keptGuidance.every ? age + 1 : 0;
    return age === 0 ? 'full' : 'kept';
  });
}

/** Rows of the UNet that a run computes, as a part of those that guidance at every step takes. */
export function rowsComputed(steps: readonly StepGuidance[]): number {
  return steps.reduce((sum, step) => sum + (step === 'full' ? 2 : 1), 0) / (2 * steps.length);
}
