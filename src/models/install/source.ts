import * as v from 'valibot';
import { ModelError } from '../../base/index.ts';

/** Base URL of relative addresses in a source: the hub. */
export const hubBase = 'https://huggingface.co/';

/** Addresses of one file in order of preference. */
const addresses = v.pipe(v.array(v.pipe(v.string(), v.minLength(1))), v.minLength(1));
const count = v.pipe(v.number(), v.integer(), v.minValue(1));
const prompts = v.pipe(v.array(v.string()), v.maxLength(100));
const checkpoint = v.object({ config: addresses, weights: addresses });
const webAddress = v.pipe(v.string(), v.url(), v.regex(/^https?:/i));

export const modelSourceSchema = v.object({
  /** Name of the model's folder in storage. Sources with the same id are the same model. */
  id: v.pipe(v.string(), v.regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/)),
  name: v.pipe(v.string(), v.minLength(1), v.maxLength(100)),
  description: v.optional(v.pipe(v.string(), v.maxLength(1000)), ''),
  licence: v.pipe(v.string(), v.minLength(1), v.maxLength(200)),
  /** URL of the licence text. */
  licenceUrl: v.optional(v.pipe(v.string(), v.url())),
  /** URL of a page about the model. */
  page: v.optional(webAddress),
  /** How other users can get it: the recommended model, a hub repository, or a manifest's URL. */
  origin: v.optional(
    v.variant('kind', [
      v.object({ kind: v.literal('full') }),
      v.object({ kind: v.literal('hub'), repository: v.string() }),
      v.object({ kind: v.literal('manifest'), url: webAddress }),
    ]),
  ),
  /** Side of the pictures that the model was trained for, in pixels. */
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
  /** r, g, b for each latent channel, then the bias: see `Compute.latentPreview`. */
  previewFactors: v.optional(
    v.pipe(
      v.array(v.pipe(v.number(), v.finite())),
      v.check((factors) => factors.length >= 6 && factors.length % 3 === 0, 'Expected rows of 3 numbers.'),
    ),
  ),
  defaults: v.optional(v.record(v.string(), v.union([v.string(), v.number(), v.boolean()])), {}),
  /** For a model that is not on the web: name of the user's folder that the addresses are relative to. */
  folder: v.optional(v.string()),
});

/** Source of a model: name, licence, and the addresses of its files. JSON. */
export type ModelSource = v.InferOutput<typeof modelSourceSchema>;

/** @throws ModelError `source-invalid`, with the key */
export function parseModelSource(input: unknown): ModelSource {
  const result = v.safeParse(modelSourceSchema, input);
  if (result.success) return result.output;
  const issue = result.issues[0];
  const key = v.getDotPath(issue) ?? '';
  throw new ModelError(
    'source-invalid',
    `The description of this model's source is invalid: "${key}": ${issue.message}.`,
    {
      remedy: 'Choose another model, or get the description of this one again.',
      details: { key },
      cause: issue,
    },
  );
}
