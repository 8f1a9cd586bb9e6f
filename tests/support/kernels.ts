import { targetFor } from '../../src/models/index.ts';
import type { Target } from '../../src/models/index.ts';
import type { BufferLimits } from '../../src/models/limits.ts';
import { cpuKernels } from '../../src/models/onnx/index.ts';
import type { Kernels } from '../../src/models/onnx/index.ts';

/**
 * Kernels for the compiler: attention heads of up to `widestFusedHead` channels are fused; other attention is sliced so
 * that its scores take at most `scoreBytes`.
 */
export function kernelsFor(widestFusedHead: number, scoreBytes = Infinity): Kernels {
  return { ...cpuKernels, widestFusedHead, scoreBytes };
}

/** Target with the memory of a small GPU, whose graphs the CPU can run. */
export function targetWithin(limits: BufferLimits): Target {
  const target = targetFor('float32', false, limits);
  return { ...target, kernels: { ...target.kernels, fusedLayers: false } };
}
