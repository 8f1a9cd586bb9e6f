import { count } from './reference/parameters.ts';
import type { Parameters } from './reference/parameters.ts';

/** Factors for `blowUp`; an omitted one is 1. */
export interface BlowUp {
  /** Standard deviation of each layer's contribution to the residual streams. */
  readonly stream?: number;
  /** Factor on the first channel of each stream. */
  readonly outlier?: number;
  /** Factor on queries and keys: attention logits grow by its square. */
  readonly logits?: number;
  /** Standard deviation of both halves of the feed-forward layers' projection. */
  readonly gated?: number;
}

/** Activations like the real UNet's: streams in the hundreds, outliers of thousands, logits of ±60. */
export const realistic = { stream: 150, outlier: 20, logits: 4, gated: 20 } as const;

/**
 * Multiplies weights of a network in place, so that activations between norms become as large as those of Stable
 * Diffusion, for tests of float16 overflow. Expects the weights of `Parameters.randomise`, which keep activations around 1.
 * The output stays around 1, because the last layer follows a norm.
 */
export function blowUp(
  parameters: Parameters,
  { stream = 1, outlier = 1, logits = 1, gated = 1 }: BlowUp = realistic,
): Parameters {
  for (const [name, dims] of parameters.shapes) {
    const layer = name.replace(/\.(weight|bias)$/, '');
    if (writesToStream(layer)) {
      // The gated product has the squared deviation of its halves.
      const factor = layer.endsWith('ff.net.2') ? stream / gated ** 2 : stream;
      scaleRows(parameters, name, dims, (row) => factor * (row === 0 ? outlier : 1));
    } else if (/attn1\.to_[qk]$|attentions\.0\.(to_q|to_k|query|key)$/.test(layer)) {
      scaleRows(parameters, name, dims, () => logits);
    } else if (layer.endsWith('ff.net.0.proj')) {
      scaleRows(parameters, name, dims, () => gated);
    }
  }
  return parameters;
}

/** True for layers whose output is added to a residual stream. Their input is normalised. */
function writesToStream(layer: string): boolean {
  return (
    /(^|\.)conv_in$/.test(layer) ||
    /\.(conv2|proj_in|ff\.net\.2)$/.test(layer) ||
    /(attn1|attn2|attentions\.0)\.(to_out\.0|proj_attn)$/.test(layer)
  );
}

/** Multiplies each row (output channel) of a tensor by a factor. */
function scaleRows(
  parameters: Parameters,
  name: string,
  dims: readonly number[],
  factor: (row: number) => number,
): void {
  const columns = count(dims.slice(1));
  // Rounded to float32, so that the float64 reference and the network have the same weights.
  parameters.set(
    name,
    Float32Array.from(parameters.value(name), (value, index) => value * factor(Math.floor(index / columns))),
  );
}
