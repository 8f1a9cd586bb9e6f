import type { NetworkPrecision } from '../src/base/index.ts';
import type { WideningReason } from '../src/diffusion/index.ts';
import type { EngineNotice } from '../src/protocol/index.ts';

/** What the user is told when a device was lost and another has taken its place. */
export const deviceNotice = {
  kind: 'notice',
  code: 'device',
  message: 'The GPU stopped for a moment and was started again; nothing was lost.',
} as const satisfies EngineNotice;

/** The beginning of a prompt, by which a person knows it again. */
const beginning = (prompt: string) => (prompt.length > 40 ? `${prompt.slice(0, 40).trimEnd()}…` : prompt);

/** What the user is told when prompts are longer than the model's text tower reads. */
export function promptNotice(prompts: readonly string[]): EngineNotice {
  const quoted = prompts.map((prompt) => `“${beginning(prompt)}”`).join(', ');
  const message =
    prompts.length === 1
      ? `A prompt is longer than this model can read, so its end does not count: ${quoted}. Shorten it, or part it with “|”.`
      : `Some prompts are longer than this model can read, so their ends do not count: ${quoted}. Shorten them, or part them with “|”.`;
  return { kind: 'notice', code: 'prompt', message };
}

const tooLarge: Readonly<Record<WideningReason, string>> = {
  result:
    'This model gave numbers too large for the quick way to compute on this GPU, so the frame is made again in a slower, safe way, which Drift keeps to from now on.',
  weight:
    'This model holds numbers too large for the quick way to compute on this GPU, so Drift computes it in a slower, safe way.',
};

/** What the user is told when networks have left the range of float16. */
export function precisionNotice(precision: NetworkPrecision, reason: WideningReason): EngineNotice {
  return { kind: 'notice', code: 'precision', message: tooLarge[reason], precision };
}
