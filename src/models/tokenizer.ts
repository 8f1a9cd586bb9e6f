import * as v from 'valibot';
import { ModelError } from '../base/index.ts';

/** Converts prompts to rows of token ids of equal length: int64 [prompts, tokens]. */
export type Tokenize = (prompts: readonly string[]) => {
  readonly dims: readonly [number, number];
  readonly ids: BigInt64Array<ArrayBuffer>;
  /** Indices of prompts that exceeded the tower's maximum length. */
  readonly cut: readonly number[];
};

const fileSchema = v.looseObject({ model: v.looseObject({ vocab: v.record(v.string(), v.number()) }) });
const configSchema = v.looseObject({});
/** Tokens of an empty prompt: start and end. */
const specialSchema = v.tuple([v.number(), v.number()]);
const encodedSchema = v.object({ input_ids: v.array(v.array(v.number())) });

/**
 * CLIP tokenizer from Transformers.js, which is imported on first use.
 *
 * @param file Parsed `tokenizer.json`.
 * @param config Parsed `tokenizer_config.json`.
 * @param maxTokens Maximum length including start and end tokens. Truncation keeps the end token, where CLIP reads the
 *   embedding; that of Transformers.js would lose it.
 * @throws ModelError `tokenizer-invalid`
 */
export async function openTokenizer(file: unknown, config: unknown, maxTokens: number): Promise<Tokenize> {
  const invalid = (cause: unknown) =>
    new ModelError('tokenizer-invalid', 'The tokenizer of this model cannot be read.', {
      remedy:
        'It must be a CLIP tokenizer as Transformers.js loads it: tokenizer.json and tokenizer_config.json.',
      cause,
    });
  const parsed = v.safeParse(v.tuple([fileSchema, configSchema]), [file, config]);
  if (!parsed.success) throw invalid(parsed.issues[0]);
  const { CLIPTokenizer } = await import('@xenova/transformers');
  try {
    const tokenizer = new CLIPTokenizer(...parsed.output);
    const encode = (texts: readonly string[], special: boolean) => {
      const options = { padding: false, truncation: false, return_tensor: false } as const;
      const encoded = tokenizer._call([...texts], { ...options, add_special_tokens: special });
      return v.parse(encodedSchema, encoded).input_ids;
    };
    const [start, end] = v.parse(specialSchema, encode([''], true)[0]);
    const longest = maxTokens - 2;
    return (prompts) => {
      const words = encode(prompts, false);
      const length = 2 + Math.min(longest, Math.max(0, ...words.map((row) => row.length)));
      const ids = words.flatMap((row) => {
        const whole = [start, ...row.slice(0, longest), end];
        return [...whole, ...Array.from({ length: length - whole.length }, () => tokenizer.pad_token_id)];
      });
      return {
        dims: [words.length, length],
        ids: BigInt64Array.from(ids, BigInt),
        cut: [...words.keys()].filter((index) => (words[index]?.length ?? 0) > longest),
      };
    };
  } catch (cause) {
    throw invalid(cause);
  }
}
