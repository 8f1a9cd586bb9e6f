import * as v from 'valibot';
import { ModelError } from '../../base/index.ts';

/** Accepted values of keys that Drift does not read: with any other value, the network computes something else. */
export type AcceptedValues = Readonly<Record<string, readonly (string | number | boolean | null)[]>>;

/**
 * Keys about a file's origin or training, which do not affect inference. The second line comes from diffusers' `EMAModel`.
 */
const harmless = new RegExp(
  '^_|^(sample_size|dropout|upcast_attention|force_upcast|use_quant_conv|encoder_hid_dim_type|' +
    'decay|min_decay|optimization_step|update_after_step|use_ema_warmup|inv_gamma|power)$',
);

/**
 * Parses a configuration.
 *
 * @param file File name, for errors.
 * @param input Parsed JSON.
 * @param schema Keys that Drift reads.
 * @param accepted Keys that Drift does not read, with their accepted values. All other keys must be null, false or an
 *   empty list.
 * @throws ModelError `config-invalid` or `config-unsupported`, with the key
 */
export function readConfig<Entries extends v.ObjectEntries>(
  file: string,
  input: unknown,
  schema: v.ObjectSchema<Entries, undefined>,
  accepted: AcceptedValues,
): v.InferOutput<v.ObjectSchema<Entries, undefined>> {
  for (const [key, value] of Object.entries(configObject(file, input))) {
    // `hasOwn`, because a file may contain a key such as "toString".
    if (Object.hasOwn(schema.entries, key) || harmless.test(key)) continue;
    const fine = Object.hasOwn(accepted, key)
      ? accepted[key]?.some((other) => other === value)
      : value === null || value === false || (Array.isArray(value) && value.length === 0);
    if (fine !== true) throw unsupportedError(file, key, value);
  }
  const result = v.safeParse(schema, input);
  if (result.success) return result.output;
  const issue = result.issues[0];
  const key = v.getDotPath(issue) ?? '';
  throw new ModelError('config-invalid', `${file}: "${key}" is not usable: ${issue.message}.`, {
    remedy:
      'Drift runs image variation models of the Stable Diffusion 1.x family in the layout of diffusers.',
    details: { file, key, value: JSON.stringify(issue.input) },
    cause: issue,
  });
}

/**
 * Checks that a configuration is an object.
 *
 * @throws ModelError `config-invalid`
 */
export function configObject(file: string, input: unknown): Readonly<Record<string, unknown>> {
  const object = v.safeParse(v.record(v.string(), v.unknown()), input);
  if (object.success && !Array.isArray(input)) return object.output;
  throw new ModelError('config-invalid', `${file} is not a configuration: it holds no JSON object.`, {
    remedy: 'Get the file again from where the model came from.',
    details: { file },
  });
}

/** Creates the error for an unsupported configuration. */
export function unsupportedError(file: string, key: string, value: unknown): ModelError {
  const shown = JSON.stringify(value);
  return new ModelError(
    'config-unsupported',
    `${file} asks for "${key}": ${shown}, which Drift does not support.`,
    {
      remedy:
        'Drift runs image variation models of the Stable Diffusion 1.x family. Choose a model of that kind.',
      details: { file, key, value: shown },
    },
  );
}
