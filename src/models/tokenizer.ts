import * as v from 'valibot';
import { ModelError } from '../base/index.ts';

/** Prompts as rows of token ids of equal length: int64 [prompts, tokens]. */
export type Tokenize = (prompts: readonly string[]) => {
  readonly dims: readonly [number, number];
  readonly ids: BigInt64Array<ArrayBuffer>;
};

const fileSchema = v.looseObject({ model: v.looseObject({ vocab: v.record(v.string(), v.number()) }) });
const configSchema = v.looseObject({});
const encodedSchema = v.object({ input_ids: v.array(v.array(v.number())) });

/**
 * CLIP's tokenizer, by Transformers.js, which is loaded here and not before.
 *
 * @param file - the parsed `tokenizer.json`
 * @param config - the parsed `tokenizer_config.json`
 * @param maxTokens - longer prompts are cut, as the original program does
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
    return (prompts) => {
      const options = {
        padding: true,
        truncation: true,
        max_length: maxTokens,
        return_tensor: false,
      } as const;
      const { input_ids: rows } = v.parse(encodedSchema, tokenizer._call([...prompts], options));
      return { dims: [rows.length, rows[0]?.length ?? 0], ids: BigInt64Array.from(rows.flat(), BigInt) };
    };
  } catch (cause) {
    throw invalid(cause);
  }
}
