import { encodeModel } from '../../src/models/onnx/proto.ts';
import { memorySource } from '../../src/models/source.ts';
import { openCheckpoint } from '../../src/models/checkpoint/index.ts';
import { parseSchedulerConfig, parseUnetConfig, parseVaeConfig } from '../../src/models/config/index.ts';
import type { ModelParts } from '../../src/models/index.ts';
import { blowUp } from './blown-up.ts';
import type { BlowUp } from './blown-up.ts';
import { float32Bytes, utf8 } from './bytes.ts';
import { randomValues } from './reference/parameters.ts';
import { referenceUnet } from './reference/unet.ts';
import type { UnetJson } from './reference/unet.ts';
import { referenceVae } from './reference/vae.ts';
import type { VaeJson } from './reference/vae.ts';
import { safetensorsFile } from './safetensors-file.ts';

/**
 * The smallest complete model: random weights, embeddings of 12 numbers, picture sizes that are multiples of 2, and an
 * image encoder that is one matrix product. A frame takes milliseconds.
 */
const unetJson: UnetJson = {
  in_channels: 4,
  out_channels: 4,
  block_out_channels: [8, 8],
  layers_per_block: 1,
  cross_attention_dim: 12,
  attention_head_dim: 2,
  norm_num_groups: 4,
  down_block_types: ['CrossAttnDownBlock2D', 'DownBlock2D'],
  up_block_types: ['UpBlock2D', 'CrossAttnUpBlock2D'],
};
const vaeJson: VaeJson = {
  in_channels: 3,
  out_channels: 3,
  latent_channels: 4,
  block_out_channels: [8, 8],
  layers_per_block: 1,
  norm_num_groups: 4,
  down_block_types: ['DownEncoderBlock2D', 'DownEncoderBlock2D'],
  up_block_types: ['UpDecoderBlock2D', 'UpDecoderBlock2D'],
};
const clipSize = 8;
export const embeddingWidth = unetJson.cross_attention_dim;

/** `pixel_values` [b, 3, 8, 8] to `image_embeds` [b, 12]. */
function imageEncoder(): Uint8Array<ArrayBuffer> {
  const pixels = 3 * clipSize * clipSize;
  const weight = randomValues(3, pixels * embeddingWidth);
  const node = { domain: '', attributes: [] };
  return encodeModel({
    name: 'image_encoder',
    nodes: [
      { ...node, operator: 'Reshape', name: 'flat', inputs: ['pixel_values', 'shape'], outputs: ['flat'] },
      { ...node, operator: 'MatMul', name: 'embed', inputs: ['flat', 'weight'], outputs: ['image_embeds'] },
    ],
    initializers: [
      {
        name: 'shape',
        type: 'int64',
        dims: [2],
        content: { inline: new Uint8Array(BigInt64Array.of(0n, -1n).buffer) },
      },
      {
        name: 'weight',
        type: 'float32',
        dims: [pixels, embeddingWidth],
        content: { inline: new Uint8Array(weight.buffer) },
      },
    ],
    inputs: [{ name: 'pixel_values', type: 'float32', dims: ['batch', 3, clipSize, clipSize] }],
    outputs: [{ name: 'image_embeds', type: 'float32', dims: ['batch', embeddingWidth] }],
  });
}

/** Unit vector of an axis. */
const unitRow = (one: number) =>
  Array.from({ length: embeddingWidth }, (_, index) => (index === one ? 1 : 0));

const json = (value: unknown) => utf8(JSON.stringify(value));

/** Files of the model by path, including `model.json`. */
export function tinyModelFiles({ unet = {}, decoder = {} }: Parameters<typeof tinyModelParts>[0] = {}): Map<
  string,
  Uint8Array<ArrayBuffer>
> {
  return new Map([
    [
      'model.json',
      json({
        drift: 1,
        name: 'Tiny',
        licence: 'CC0-1.0',
        size: 64,
        unet: {
          config: 'unet/config.json',
          weights: ['unet/weights.safetensors', 'unet/second.safetensors'],
        },
        vae: { config: 'vae/config.json', weights: ['vae/weights.safetensors'] },
        scheduler: 'scheduler.json',
        imageEncoder: { model: 'clip/image.onnx', size: clipSize },
        fixedPrompts: { positive: ['up', 'higher'], negative: ['down'], embeds: 'prompts.safetensors' },
      }),
    ],
    ['unet/config.json', json(unetJson)],
    ['unet/weights.safetensors', blowUp(referenceUnet(unetJson).parameters.randomise(1), unet).file()],
    ['vae/config.json', json(vaeJson)],
    ['vae/weights.safetensors', blowUp(referenceVae(vaeJson).parameters.randomise(2), decoder).file()],
    ['scheduler.json', json({ _class_name: 'PNDMScheduler', prediction_type: 'epsilon' })],
    ['clip/image.onnx', imageEncoder()],
    [
      'prompts.safetensors',
      safetensorsFile([
        {
          name: 'positive',
          dtype: 'F32',
          shape: [2, embeddingWidth],
          data: float32Bytes(...unitRow(0), ...unitRow(1)),
        },
        { name: 'negative', dtype: 'F32', shape: [1, embeddingWidth], data: float32Bytes(...unitRow(2)) },
      ]),
    ],
  ]);
}

/**
 * The model's parts, opened from memory without a manifest.
 *
 * @param blownUp Scales the activations of its networks.
 */
export async function tinyModelParts(
  blownUp: { readonly unet?: BlowUp; readonly decoder?: BlowUp } = {},
): Promise<ModelParts> {
  const files = tinyModelFiles(blownUp);
  const weights = (path: string) => openCheckpoint(memorySource(path, files.get(path) ?? new Uint8Array()));
  return {
    unet: {
      config: parseUnetConfig('unet/config.json', unetJson),
      checkpoint: await weights('unet/weights.safetensors'),
    },
    vae: {
      config: parseVaeConfig('vae/config.json', vaeJson),
      checkpoint: await weights('vae/weights.safetensors'),
    },
    scheduler: parseSchedulerConfig('scheduler.json', {}),
    imageEncoder: {
      model: () => Promise.resolve({ graph: imageEncoder(), weights: [] }),
      size: clipSize,
    },
  };
}
