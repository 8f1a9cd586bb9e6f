import type { AttentionLimits } from '../../src/models/onnx/index.ts';

/** Attention with heads of up to so many channels fused, and the scores of others in pieces of at most so many bytes. */
export function attentionBy(widestFusedHead: number, scoreBytes = Infinity): AttentionLimits {
  return { widestFusedHead, scoreBytes };
}
