/** What the kernels of a device can compute. */
export interface Kernels {
  /**
   * Maximum channels per head for one fused node of attention, which is faster and does not materialise the scores; wider
   * heads use matrix products and a softmax.
   */
  readonly widestFusedHead: number;
  /** Maximum bytes of the score matrix of unfused attention, which is computed in slices of the queries. */
  readonly scoreBytes: number;
  /** Whether one node computes a group norm with the SiLU after it, and one a GEGLU with the biases before it. */
  readonly fusedLayers: boolean;
}

/** Kernels of ONNX Runtime's CPU provider. */
export const cpuKernels: Kernels = { widestFusedHead: Infinity, scoreBytes: Infinity, fusedLayers: false };
