import * as v from 'valibot';
import { ModelError } from '../../base/index.ts';

/** Where the hub's files are; addresses in a source that are not absolute are relative to it. */
export const hubBase = 'https://huggingface.co/';

/** Addresses of one file in order of preference: the first that can be had is taken. */
const addresses = v.pipe(v.array(v.pipe(v.string(), v.minLength(1))), v.minLength(1));
const count = v.pipe(v.number(), v.integer(), v.minValue(1));
const prompts = v.pipe(v.array(v.string()), v.maxLength(100));
const checkpoint = v.object({ config: addresses, weights: addresses });
const webAddress = v.pipe(v.string(), v.url(), v.regex(/^https?:/i));

export const modelSourceSchema = v.object({
  /** The name of its folder where models are kept. Two sources of one id are the same model. */
  id: v.pipe(v.string(), v.regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/)),
  name: v.pipe(v.string(), v.minLength(1), v.maxLength(100)),
  description: v.optional(v.pipe(v.string(), v.maxLength(1000)), ''),
  licence: v.pipe(v.string(), v.minLength(1), v.maxLength(200)),
  /** Where the licence can be read. */
  licenceUrl: v.optional(v.pipe(v.string(), v.url())),
  /** Where people can read about it. */
  page: v.optional(webAddress),
  /** How others can ask for it: the recommended one, a repository of the hub, or where its manifest stands. */
  origin: v.optional(
    v.variant('kind', [
      v.object({ kind: v.literal('full') }),
      v.object({ kind: v.literal('hub'), repository: v.string() }),
      v.object({ kind: v.literal('manifest'), url: webAddress }),
    ]),
  ),
  /** Side of the pictures that the model was made for, in pixels. */
  size: v.pipe(count, v.multipleOf(8), v.minValue(64), v.maxValue(2048)),
  unet: checkpoint,
  vae: checkpoint,
  scheduler: addresses,
  imageEncoder: v.object({ model: addresses, size: v.optional(count, 224) }),
  fixedPrompts: v.optional(v.object({ positive: prompts, negative: prompts, embeds: addresses })),
  textEncoder: v.optional(
    v.object({
      model: addresses,
      tokenizer: addresses,
      tokenizerConfig: addresses,
      maxTokens: v.optional(v.pipe(count, v.maxValue(1024)), 77),
    }),
  ),
  /** Rows of red, green, blue for each latent channel, then a bias: how latents look in previews. */
  previewFactors: v.optional(
    v.pipe(
      v.array(v.pipe(v.number(), v.finite())),
      v.check((factors) => factors.length >= 6 && factors.length % 3 === 0, 'Expected rows of 3 numbers.'),
    ),
  ),
  defaults: v.optional(v.record(v.string(), v.union([v.string(), v.number(), v.boolean()])), {}),
  /** The name of the folder on the user's disk that the addresses are paths in, for a model that is not on the web. */
  folder: v.optional(v.string()),
});

/** Where a model can be had: what it is called, its licence, and the addresses of its files. Plain JSON. */
export type ModelSource = v.InferOutput<typeof modelSourceSchema>;

/** @throws ModelError `source-invalid`, with the key */
export function parseModelSource(input: unknown): ModelSource {
  const result = v.safeParse(modelSourceSchema, input);
  if (result.success) return result.output;
  const issue = result.issues[0];
  const key = v.getDotPath(issue) ?? '';
  throw new ModelError(
    'source-invalid',
    `Where this model comes from is not said well: "${key}": ${issue.message}.`,
    {
      remedy: 'Choose another model, or get the description of this one again.',
      details: { key },
      cause: issue,
    },
  );
}
