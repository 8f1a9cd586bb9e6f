import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Compute, DeviceTensor, ModelType } from '../../../src/compute/index.ts';
import { timestepFeatures } from '../../../src/diffusion/index.ts';
import { parseUnetConfig, parseVaeConfig } from '../../../src/models/config/index.ts';
import { GraphBuilder } from '../../../src/models/onnx/builder.ts';
import { compileContext, compileUnet, compileVaeDecoder } from '../../../src/models/onnx/index.ts';
import type { CompiledGraph } from '../../../src/models/onnx/index.ts';
import { packWeights } from '../../../src/models/pack.ts';
import type { OnnxModel } from '../../../src/runtime/index.ts';
import type { Checkpoint } from '../../../src/models/types.ts';
import type { NodeBackend } from '../../../tools/node-runtime.ts';
import { backendFor, closeBackend } from '../../support/backend.ts';
import { blowUp, realistic } from '../../support/blown-up.ts';
import type { BlowUp } from '../../support/blown-up.ts';
import { randomValues } from '../../support/reference/parameters.ts';
import { referenceUnet } from '../../support/reference/unet.ts';
import type { UnetJson } from '../../support/reference/unet.ts';
import { referenceVae } from '../../support/reference/vae.ts';
import type { VaeJson } from '../../support/reference/vae.ts';
import { relativeError } from '../../unit/compute/support.ts';

/** A small network with every kind of layer, because a software GPU compiles each layer slowly. */
const unetJson: UnetJson = {
  in_channels: 4,
  out_channels: 4,
  block_out_channels: [32],
  layers_per_block: 1,
  cross_attention_dim: 16,
  attention_head_dim: 4,
  norm_num_groups: 8,
  down_block_types: ['CrossAttnDownBlock2D'],
  up_block_types: ['UpBlock2D'],
};
const vaeJson: VaeJson = {
  in_channels: 3,
  out_channels: 3,
  latent_channels: 4,
  block_out_channels: [32],
  layers_per_block: 1,
  norm_num_groups: 8,
  down_block_types: ['DownEncoderBlock2D'],
  up_block_types: ['UpDecoderBlock2D'],
};
const size = { height: 8, width: 8 };
const dims = [1, 4, size.height, size.width];
const sample = randomValues(100, 4 * size.height * size.width);
const embedding = randomValues(200, unetJson.cross_attention_dim);
const timestep = 421;

let backend: NodeBackend;
let compute: Compute;

beforeAll(async () => {
  backend = await backendFor('webgpu');
  ({ compute } = backend);
});

afterAll(() => {
  closeBackend(backend);
});

/** Runs a network once and returns its only output. */
async function runOnce(model: OnnxModel, inputs: Record<string, DeviceTensor>): Promise<Float32Array> {
  const session = await backend.runtime.createSession('network', model);
  try {
    const [output] = Object.values(await session.run(inputs));
    if (!output) throw new Error('the network gives nothing');
    const [values] = await compute.read([output]);
    // Disposed before the session that it belongs to.
    output.dispose();
    return Float32Array.from(values ?? []);
  } finally {
    for (const input of Object.values(inputs)) input.dispose();
    await session.release();
  }
}

async function run(
  { graph, plan }: CompiledGraph,
  checkpoint: Checkpoint,
  inputs: Record<string, DeviceTensor>,
): Promise<Float32Array> {
  const data = await packWeights(plan, checkpoint);
  return runOnce({ graph, weights: [{ location: plan.location, data }] }, inputs);
}

/** Relative error of a UNet with these weights on the GPU, compared with the float64 reference. */
async function unetError(type: ModelType, blownUp: BlowUp, widestFusedHead = Infinity): Promise<number> {
  const { parameters, evaluate } = definitions.UNet(blownUp);
  const checkpoint = await parameters.checkpoint();
  const config = parseUnetConfig('unet/config.json', unetJson);
  const context = await run(compileContext(config, checkpoint, type), checkpoint, {
    embeds: compute.upload(embedding, [1, embedding.length]),
  });
  const features = timestepFeatures(timestep, config.timestep);
  const output = await run(
    compileUnet(config, checkpoint, type, size, { ...backend.target.kernels, widestFusedHead }),
    checkpoint,
    {
      sample: compute.upload(sample, dims, type),
      timestep: compute.upload(features, [1, features.length]),
      context: compute.upload(context, [1, context.length], type),
      halves: compute.upload(Float32Array.of(0), [1, 1, 1, 1], type),
    },
  );
  return relativeError(output, evaluate().data);
}

async function decoderError(type: ModelType, blownUp: BlowUp): Promise<number> {
  const { parameters, evaluate } = definitions.decoder(blownUp);
  const checkpoint = await parameters.checkpoint();
  const config = parseVaeConfig('vae/config.json', vaeJson);
  const image = await run(
    compileVaeDecoder(config, checkpoint, type, size, backend.target.kernels),
    checkpoint,
    {
      latents: compute.upload(sample, dims, type),
    },
  );
  return relativeError(image, evaluate().data);
}

/** float64 reference networks with these weights, which report intermediate values. */
const definitions = {
  UNet: (blownUp: BlowUp) => {
    const unet = referenceUnet(unetJson);
    const parameters = blowUp(unet.parameters.randomise(1), blownUp);
    const token = { length: 1, channels: embedding.length, data: Float64Array.from(embedding) };
    return { parameters, evaluate: () => unet.run(plane(), timestep, token) };
  },
  decoder: (blownUp: BlowUp) => {
    const vae = referenceVae(vaeJson);
    const parameters = blowUp(vae.parameters.randomise(2), blownUp);
    return { parameters, evaluate: () => vae.decode(plane()) };
  },
};

const plane = () => ({ channels: 4, ...size, data: Float64Array.from(sample) });

describe('fused attention on the GPU', () => {
  it('weights every key correctly', async () => {
    // Queries and keys are zero, so the result is the mean of the values, with equal weights.
    const [length, width] = [48, 8];
    const g = new GraphBuilder('attention', 'float32', { name: 'none', tensors: new Map() }, 'none.bin');
    const shape = [1, length, width];
    const inputs = ['query', 'key', 'value'].map((name) => g.input(name, 'float32', shape));
    const attention = { num_heads: { int: 1 }, scale: 1 };
    g.output(g.node('com.microsoft.MultiHeadAttention', inputs, attention), 'mean', 'float32', shape);
    const { graph } = g.build();
    const zeros = new Float32Array(length * width);
    // One key for each channel, from the first to the last.
    const value = zeros.slice();
    for (let channel = 0; channel < width; channel++) value[6 * channel * width + channel] = length;
    const weights = await runOnce(
      { graph, weights: [] },
      {
        query: compute.upload(zeros, shape),
        key: compute.upload(zeros, shape),
        value: compute.upload(value, shape),
      },
    );
    expect(weights).toHaveLength(length * width);
    for (const weight of weights) expect(weight).toBeCloseTo(1, 5);
  });
});

describe('networks with activations as large as those of the real model', () => {
  it.each(['UNet', 'decoder'] as const)(
    'have typical activations in the hundreds, outliers of thousands and logits of ±60: %s',
    (network) => {
      const { parameters, evaluate } = definitions[network](realistic);
      const [streams, outliers]: [number[], number[]] = [[], []];
      let logits = { lowest: 0, highest: 0 };
      parameters.onActivations = (what, values) => {
        if (what === 'logits') {
          const { lowest, highest } = logits;
          logits = { lowest: Math.min(lowest, ...values), highest: Math.max(highest, ...values) };
          return;
        }
        const sizes = values.map(Math.abs).sort();
        streams.push(sizes[sizes.length / 2] ?? NaN);
        outliers.push(sizes.at(-1) ?? NaN);
      };
      evaluate();
      expect(Math.min(...streams)).toBeGreaterThan(100);
      expect(Math.max(...streams)).toBeLessThan(1000);
      expect(Math.min(...outliers)).toBeGreaterThan(5000);
      expect(Math.max(...outliers), 'the largest float16').toBeLessThan(65_504);
      expect(logits.lowest).toBeLessThan(-60);
      expect(logits.highest).toBeGreaterThan(55);
    },
  );

  it('are exact in float32', async () => {
    expect(await unetError('float32', realistic)).toBeLessThan(1e-4);
    expect(await decoderError('float32', realistic)).toBeLessThan(1e-4);
  });

  it('are accurate in float16', async () => {
    // Sharp attention amplifies rounding: without it, the error of the same streams is below 1 %.
    expect(await unetError('float16', realistic)).toBeLessThan(0.15);
    expect(await unetError('float16', { ...realistic, logits: 1 })).toBeLessThan(0.02);
    expect(await decoderError('float16', realistic)).toBeLessThan(0.02);
  });

  it('are accurate in float16 without fused attention', async () => {
    expect(await unetError('float16', realistic, 0)).toBeLessThan(0.15);
  });

  it('are accurate where the gated product exceeds float16', async () => {
    expect(await unetError('float16', { gated: 100 })).toBeLessThan(0.02);
  });
});
