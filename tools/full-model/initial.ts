import { count } from './values.ts';
import type { RandomTensor } from './values.ts';

/** Weights of layers that add to a residual stream. */
const residual = /\.(conv2|to_out\.0|ff\.net\.2|proj_out|proj_attn|out_proj|fc2|time_emb_proj)\.weight$/;
/** Embedding tables. */
const table = /(embedding|class_embedding|token_embedding|position_embedding|concept_embeds)(\.weight)?$/;

/**
 * Distribution of a tensor at initialization: weights have a deviation of 1/√fan-in, so that activations keep their
 * scale, and less in layers that add to a residual stream, so that the stream does not grow with depth. Factors of
 * norms are near 1, biases near 0 but not 0, so that an omitted bias changes the output.
 */
export function initialTensor(name: string, dims: readonly number[]): RandomTensor {
  if (table.test(name)) return { name, dims, middle: 0, deviation: 0.1 };
  if (dims.length <= 1) return { name, dims, middle: name.endsWith('.weight') ? 1 : 0, deviation: 0.05 };
  const gain = residual.test(name) ? 0.3 : 1;
  return { name, dims, middle: 0, deviation: gain / Math.sqrt(count(dims.slice(1))) };
}
