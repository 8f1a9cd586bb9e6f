import { ModelError } from '../base/index.ts';
import type { Compute } from '../compute/index.ts';
import type { OnnxModel, Runtime } from '../runtime/index.ts';
import { checkWidth } from './towers.ts';

/** A CLIP text tower with its tokenizer. */
export interface PromptEncoder {
  /** Required length of embeddings: that of image embeddings. */
  readonly width: number;
  /** @param type Number type of the device. */
  model(signal?: AbortSignal, type?: Compute['modelType']): Promise<OnnxModel>;
  tokenizer(signal?: AbortSignal): Promise<
    (prompts: readonly string[]) => {
      /** [prompts, tokens] */
      readonly dims: readonly [number, number];
      /** Token ids, padded to equal length. */
      readonly ids: BigInt64Array<ArrayBuffer>;
      /** Indices of prompts that were truncated. */
      readonly cut: readonly number[];
    }
  >;
}

/**
 * Encodes prompts to unit rows [prompts, d] (CLIP, Radford et al. 2021). Loads the tower and releases it again: it is
 * large, and prompts seldom change. `width` is d; `cut` has the indices of prompts that were truncated to the tower's
 * maximum length.
 *
 * @throws ModelError `port-missing` if the tower is not a CLIP text model with projection; `embedding-width` if it does
 *   not fit the model; the signal's reason
 */
export async function encodePrompts(
  prompts: readonly string[],
  encoder: PromptEncoder,
  compute: Compute,
  runtime: Runtime,
  signal?: AbortSignal,
): Promise<{ width: number; embeds: Float32Array<ArrayBuffer>; cut: readonly number[] }> {
  const tokenize = await encoder.tokenizer(signal);
  const { dims, ids, cut } = tokenize(prompts);
  const session = await runtime.createSession(
    'text encoder',
    await encoder.model(signal, compute.modelType),
    signal,
  );
  try {
    const output = session.outputs.find(({ name }) => name === 'text_embeds');
    if (!output) throw notClip(session.outputs.map(({ name }) => name));
    const feeds = { input_ids: { device: 'memory', type: 'int64', dims, data: ids } } as const;
    // Some exports require an attention mask; CLIP itself reads up to the end-of-text token.
    const mask = {
      device: 'memory',
      type: 'int64',
      dims,
      data: new BigInt64Array(ids.length).fill(1n),
    } as const;
    const masked = session.inputs.some(({ name }) => name === 'attention_mask');
    const results = await session.run(masked ? { ...feeds, attention_mask: mask } : feeds);
    try {
      const { text_embeds: embeds } = results;
      if (!embeds) throw new RangeError('a text encoder gives embeddings');
      const width = embeds.dims[1] ?? 0;
      checkWidth('text encoder', width, encoder.width);
      const [values] = await compute.read([embeds], signal);
      return { width, embeds: toUnitRows(Float32Array.from(values ?? []), width), cut };
    } finally {
      for (const result of Object.values(results)) result.dispose();
    }
  } finally {
    await session.release();
  }
}

function toUnitRows(values: Float32Array<ArrayBuffer>, width: number): Float32Array<ArrayBuffer> {
  for (let start = 0; start < values.length; start += width) {
    const row = values.subarray(start, start + width);
    const length = Math.hypot(...row);
    for (let i = 0; i < row.length; i++) row[i] = (row[i] ?? 0) / length;
  }
  return values;
}

function notClip(outputs: readonly string[]): ModelError {
  return new ModelError('port-missing', 'The text encoder of this model gives no "text_embeds".', {
    remedy: 'It must be a CLIP text model with projection, exported to ONNX with its usual names.',
    details: { name: 'text_embeds', outputs: outputs.join(', ') },
  });
}
