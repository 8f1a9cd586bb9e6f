import type { AttentionLimits } from '../../src/models/onnx/index.ts';

/**
 * Limits of attention for the compiler: heads of up to `widestFusedHead` channels are fused; other attention is sliced so
 * that its scores take at most `scoreBytes`.
 */
export function attentionBy(widestFusedHead: number, scoreBytes = Infinity): AttentionLimits {
  return { widestFusedHead, scoreBytes };
}
