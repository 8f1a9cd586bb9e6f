import type { EngineNotice, Precision } from '../src/protocol/index.ts';

/** What the user is told when networks have left the range of float16. */
export function precisionNotice(precision: Precision): EngineNotice {
  return {
    kind: 'notice',
    code: 'precision',
    message:
      'This model gave numbers too large for the quick way to compute on this GPU, so the frame is made again in a slower, safe way, which Drift keeps to from now on.',
    precision,
  };
}
