import * as v from 'valibot';
import { ModelError } from '../base/index.ts';

const path = v.pipe(v.string(), v.minLength(1));
const count = v.pipe(v.number(), v.integer(), v.minValue(1));

const checkpointSchema = v.object({
  config: path,
  /**
   * Weight files in order of preference; the first that exists is used. May be the index of a sharded checkpoint
   * (`….safetensors.index.json`), which names files next to it.
   */
  weights: v.pipe(v.array(path), v.minLength(1)),
});

const fixedPrompts = v.pipe(v.array(v.string()), v.maxLength(100));

const manifestSchema = v.object({
  /** Format version. */
  drift: v.literal(1),
  name: v.pipe(v.string(), v.minLength(1), v.maxLength(100)),
  description: v.optional(v.pipe(v.string(), v.maxLength(1000)), ''),
  licence: v.pipe(v.string(), v.minLength(1), v.maxLength(200)),
  /** URL of the licence text. */
  licenceUrl: v.optional(v.pipe(v.string(), v.url())),
  /** Side of the pictures that the model was trained for, in pixels. */
  size: v.pipe(count, v.multipleOf(8), v.minValue(64), v.maxValue(2048)),
  unet: checkpointSchema,
  vae: checkpointSchema,
  scheduler: path,
  imageEncoder: v.object({ model: path, size: v.optional(count, 224) }),
  /** Pre-encoded prompts: a safetensors file with `positive` and `negative` [n, d]. */
  fixedPrompts: v.optional(v.object({ positive: fixedPrompts, negative: fixedPrompts, embeds: path })),
  /** CLIP text tower with projection (`input_ids` to `text_embeds`) and its tokenizer, for arbitrary prompts. */
  textEncoder: v.optional(
    v.object({
      model: path,
      tokenizer: path,
      tokenizerConfig: path,
      /** Maximum number of tokens, including start and end. */
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
  /** Recommended settings. Validated where they are used. */
  defaults: v.optional(v.record(v.string(), v.union([v.string(), v.number(), v.boolean()])), {}),
});

/** `model.json`: name, licence, and the paths of a model's files. */
export type Manifest = v.InferOutput<typeof manifestSchema>;

/**
 * Validates a manifest. Its paths are relative to its own URL.
 *
 * @param url URL of the manifest, for errors.
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
 * Resolves a path in a manifest.
 *
 * @param url URL of the manifest.
 * @throws ModelError `manifest-invalid` if the path cannot be resolved
 */
export function addressBeside(url: string, path: string): string {
  try {
    return new URL(path, url).href;
  } catch (cause) {
    throw new ModelError(
      'manifest-invalid',
      `The model's manifest names a file at "${path}", which is not a valid address.`,
      {
        remedy: 'Check the manifest: paths in it are relative to where it stands.',
        details: { url, path },
        cause,
      },
    );
  }
}
