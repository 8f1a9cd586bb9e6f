import { count } from './values.ts';
import type { RandomTensor } from './values.ts';

/** Layers whose output is added to what goes past them. */
const residual = /\.(conv2|to_out\.0|ff\.net\.2|proj_out|proj_attn|out_proj|fc2|time_emb_proj)\.weight$/;
/** Tables of vectors, of which one is picked. */
const table = /(embedding|class_embedding|token_embedding|position_embedding|concept_embeds)(\.weight)?$/;

/**
 * How a tensor is spread in a network that has just been made: weights by 1/√(inputs), so that what comes out is about
 * as large as what goes in, and less where it is added to a residual stream, so that the stream does not grow with
 * every layer; factors of norms near 1, biases near 0 but never 0, so that nothing can be left out unnoticed.
 */
export function initialTensor(name: string, dims: readonly number[]): RandomTensor {
  if (table.test(name)) return { name, dims, middle: 0, deviation: 0.1 };
  if (dims.length <= 1) return { name, dims, middle: name.endsWith('.weight') ? 1 : 0, deviation: 0.05 };
  const gain = residual.test(name) ? 0.3 : 1;
  return { name, dims, middle: 0, deviation: gain / Math.sqrt(count(dims.slice(1))) };
}
