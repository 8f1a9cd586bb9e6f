import { randomValues } from '../../tests/support/reference/parameters.ts';
import type { Parameters } from '../../tests/support/reference/parameters.ts';
import { referenceUnet } from '../../tests/support/reference/unet.ts';
import { referenceVae } from '../../tests/support/reference/vae.ts';
import { initialTensor } from './initial.ts';
import { modelShapes } from './model.ts';
import type { ModelSize } from './model.ts';
import { count, fillValues } from './values.ts';

/** Array with its shape, in row-major order. */
export interface ReferenceArray {
  readonly dims: readonly number[];
  readonly data: Float32Array<ArrayBuffer>;
}

/**
 * Provides a network's values from the generator of the model files, one tensor at a time, so that peak memory is the
 * size of the largest tensor. Independent of Drift's own readers.
 */
function fromGenerator(parameters: Parameters): void {
  parameters.provide((name) => {
    const dims = parameters.shapes.get(name) ?? [];
    const values = new Float32Array(count(dims));
    fillValues(values, initialTensor(name, dims), 0);
    return values;
  });
}

const latentChannels = 4;

/** Inputs of the model's UNet, and its output evaluated in float64. */
export interface UnetAnswer {
  /** [rows, 4, side, side] */
  readonly sample: ReferenceArray;
  readonly timestep: number;
  /** [rows, d]; the first row is the unconditional one, all zeros. */
  readonly embeds: ReferenceArray;
  /** [rows, 4, side, side] */
  readonly noisePred: ReferenceArray;
}

/**
 * Evaluates the UNet of `imageVariations(size)`.
 *
 * @param side - side of the latents
 * @param rows - batch size; rows are evaluated one after the other
 */
export function unetAnswer(size: ModelSize, side: number, rows: number, timestep = 601): UnetAnswer {
  const json = modelShapes[size].unet;
  const unet = referenceUnet(json);
  fromGenerator(unet.parameters);
  const width = json.cross_attention_dim;
  const length = latentChannels * side * side;
  const sample = randomValues(1, rows * length);
  const embeds = randomValues(2, rows * width);
  embeds.fill(0, 0, width);
  const noisePred = new Float32Array(sample.length);
  for (let row = 0; row < rows; row++) {
    const own = sample.subarray(row * length, (row + 1) * length);
    const token = embeds.subarray(row * width, (row + 1) * width);
    const { data } = unet.run(
      { channels: latentChannels, height: side, width: side, data: new Float64Array(own) },
      timestep,
      { length: 1, channels: width, data: new Float64Array(token) },
    );
    noisePred.set(data, row * length);
  }
  const dims = [rows, latentChannels, side, side];
  return {
    sample: { dims, data: sample },
    timestep,
    embeds: { dims: [rows, width], data: embeds },
    noisePred: { dims, data: noisePred },
  };
}

/**
 * Random latents [1, 4, side, side], and the picture [1, 3, 8 side, 8 side] in 0…1 that the decoder computes from them.
 */
export function decoderAnswer(
  size: ModelSize,
  side: number,
): { readonly latents: ReferenceArray; readonly image: ReferenceArray } {
  const vae = referenceVae(modelShapes[size].vae, true);
  fromGenerator(vae.parameters);
  const latents = randomValues(3, latentChannels * side * side);
  const { channels, height, width, data } = vae.decode({
    channels: latentChannels,
    height: side,
    width: side,
    data: new Float64Array(latents),
  });
  return {
    latents: { dims: [1, latentChannels, side, side], data: latents },
    image: {
      dims: [1, channels, height, width],
      data: Float32Array.from(data, (value) => Math.min(Math.max(value / 2 + 0.5, 0), 1)),
    },
  };
}
