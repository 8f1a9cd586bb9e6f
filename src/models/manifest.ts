import * as v from 'valibot';
import { ModelError } from '../base/index.ts';

const path = v.pipe(v.string(), v.minLength(1));
const count = v.pipe(v.number(), v.integer(), v.minValue(1));

const checkpointSchema = v.object({
  config: path,
  /**
   * Weight files in order of preference; the first that is there is taken. One may be the index of a sharded checkpoint
   * (`….safetensors.index.json`), which names files beside it.
   */
  weights: v.pipe(v.array(path), v.minLength(1)),
});

const fixedPrompts = v.pipe(v.array(v.string()), v.maxLength(100));

const manifestSchema = v.object({
  /** Version of this format. */
  drift: v.literal(1),
  name: v.pipe(v.string(), v.minLength(1), v.maxLength(100)),
  description: v.optional(v.pipe(v.string(), v.maxLength(1000)), ''),
  licence: v.pipe(v.string(), v.minLength(1), v.maxLength(200)),
  /** Where the licence can be read. */
  licenceUrl: v.optional(v.pipe(v.string(), v.url())),
  /** Side of the pictures that the model was made for, in pixels. */
  size: v.pipe(count, v.multipleOf(8), v.minValue(64), v.maxValue(2048)),
  unet: checkpointSchema,
  vae: checkpointSchema,
  scheduler: path,
  imageEncoder: v.object({ model: path, size: v.optional(count, 224) }),
  /** Prompts that came with the model, already encoded: a safetensors file with `positive` and `negative` [n, d]. */
  fixedPrompts: v.optional(v.object({ positive: fixedPrompts, negative: fixedPrompts, embeds: path })),
  /** CLIP text tower with projection (`input_ids` to `text_embeds`) and its tokenizer, for prompts of any words. */
  textEncoder: v.optional(
    v.object({
      model: path,
      tokenizer: path,
      tokenizerConfig: path,
      /** Tokens of the longest prompt, its start and end included. */
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
  /** Settings at which the model looks best. Checked where they are used. */
  defaults: v.optional(v.record(v.string(), v.union([v.string(), v.number(), v.boolean()])), {}),
});

/** `model.json`: what a model is called, what may be done with it, and where its parts are. */
export type Manifest = v.InferOutput<typeof manifestSchema>;

/**
 * Reads a manifest. Paths in it are relative to where it stands.
 *
 * @param url - where it stands, for errors
 * @throws ModelError `manifest-newer` or `manifest-invalid`, with the key
 */
export function parseManifest(url: string, input: unknown): Manifest {
  const version = v.safeParse(v.object({ drift: v.number() }), input);
  if (version.success && version.output.drift > 1) {
    throw new ModelError(
      'manifest-newer',
      `This model needs a newer Drift: its manifest has version ${version.output.drift}.`,
      {
        remedy: 'Reload the page to get the newest Drift, then try again.',
        details: { url, version: version.output.drift },
      },
    );
  }
  const result = v.safeParse(manifestSchema, input);
  if (result.success) return result.output;
  const issue = result.issues[0];
  const key = v.getDotPath(issue) ?? '';
  throw new ModelError(
    'manifest-invalid',
    `The model's manifest is not usable: "${key}": ${issue.message}.`,
    {
      remedy: 'Check the address: it has to be that of a model.json for Drift.',
      details: { url, key },
      cause: issue,
    },
  );
}

/**
 * The address of a file that a manifest names.
 *
 * @param url - where the manifest stands
 * @throws ModelError `manifest-invalid` when the path cannot be part of any address
 */
export function addressBeside(url: string, path: string): string {
  try {
    return new URL(path, url).href;
  } catch (cause) {
    throw new ModelError(
      'manifest-invalid',
      `The model's manifest names a file at "${path}", which is no address.`,
      {
        remedy: 'Check the manifest: paths in it are relative to where it stands.',
        details: { url, path },
        cause,
      },
    );
  }
}
