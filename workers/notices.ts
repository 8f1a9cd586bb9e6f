import type { NetworkPrecision } from '../src/base/index.ts';
import type { FallbackReason } from '../src/diffusion/index.ts';
import type { EngineNotice } from '../src/protocol/index.ts';

/** Notice that a lost device was replaced. */
export const deviceNotice = {
  kind: 'notice',
  code: 'device',
  message: 'The GPU stopped for a moment and was started again; nothing was lost.',
} as const satisfies EngineNotice;

/** Start of a prompt, enough to recognise it. */
const beginning = (prompt: string) => (prompt.length > 40 ? `${prompt.slice(0, 40).trimEnd()}…` : prompt);

/** Notice that prompts exceed the text tower's maximum length. */
export function promptNotice(prompts: readonly string[]): EngineNotice {
  const quoted = prompts.map((prompt) => `“${beginning(prompt)}”`).join(', ');
  const message =
    prompts.length === 1
      ? `A prompt is longer than this model can read, so its end does not count: ${quoted}. Shorten it, or part it with “|”.`
      : `Some prompts are longer than this model can read, so their ends do not count: ${quoted}. Shorten them, or part them with “|”.`;
  return { kind: 'notice', code: 'prompt', message };
}

const tooLarge: Readonly<Record<FallbackReason, string>> = {
  result:
    'This model produced numbers too large for float16, so the frame is made again in float32, which is slower. Drift uses float32 for it from now on.',
  weight: 'This model has weights too large for float16, so Drift computes it in float32, which is slower.',
};

/** Notice that a network overflowed float16. */
export function precisionNotice(precision: NetworkPrecision, reason: FallbackReason): EngineNotice {
  return { kind: 'notice', code: 'precision', message: tooLarge[reason], precision };
}
