/** Evaluations to skip for speed; none by default. */
export interface FewerEvaluations {
  /**
   * Guidance only where low < σ ≤ high; other steps use the conditional prediction alone (Kynkäänniemi et al. 2024,
   * "Applying guidance in a limited interval improves sample and distribution quality in diffusion models",
   * arXiv 2404.07724).
   */
  readonly guidanceInterval?: { readonly low: number; readonly high: number } | undefined;
  /**
   * After the fraction `from` of all steps, the difference Δ of conditional and unconditional prediction is computed only
   * at every `every`th step and reused in between: ε = ε_c + (w - 1) · Δ. Unlike adaptive guidance (Castillo et al. 2023,
   * arXiv 2312.12487), guidance stays on.
   */
  readonly keptGuidance?: { readonly from: number; readonly every: number } | undefined;
}

/** Source of a step's guidance: both halves computed; the conditional half with a reused difference; or no guidance. */
export type StepGuidance = 'full' | 'kept' | 'none';

/**
 * Guidance of each step of a run. A `kept` step always has a `full` one before it.
 *
 * @param sigmas Noise-to-signal ratio at each step, decreasing.
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

/** Number of UNet rows that a run computes, relative to guidance at every step. */
export function rowsComputed(steps: readonly StepGuidance[]): number {
  return steps.reduce((sum, step) => sum + (step === 'full' ? 2 : 1), 0) / (2 * steps.length);
}
