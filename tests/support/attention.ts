import type { AttentionLimits } from '../../src/models/onnx/index.ts';

/** Attention limits: fuses heads of up to `widestFusedHead` channels, and slices other scores to `scoreBytes`. */
export function attentionBy(widestFusedHead: number, scoreBytes = Infinity): AttentionLimits {
  return { widestFusedHead, scoreBytes };
}
