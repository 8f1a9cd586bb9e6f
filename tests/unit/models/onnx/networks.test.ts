import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseUnetConfig, parseVaeConfig } from '../../../../src/models/config/index.ts';
import { compileContext, compileUnet, compileVaeDecoder } from '../../../../src/models/onnx/index.ts';
import { randomValues } from '../../../support/reference/parameters.ts';
import type { Plane } from '../../../support/reference/layers.ts';
import { referenceUnet } from '../../../support/reference/unet.ts';
import type { ReferenceUnet, UnetJson } from '../../../support/reference/unet.ts';
import { referenceVae } from '../../../support/reference/vae.ts';
import type { VaeJson } from '../../../support/reference/vae.ts';
import { relativeError } from '../../compute/support.ts';
import { load, runDecoder, runUnet, watched } from './support.ts';
import type { Size, UnetQuestion } from './support.ts';
import { kernelsFor } from '../../../support/kernels.ts';

/** Tolerance: float32 rounds at 6e-8, and sums of a few hundred terms through thirty layers stay below this. */
const limit = 1e-5;

const withAttention = 'CrossAttnDownBlock2D';
const upWithAttention = 'CrossAttnUpBlock2D';

/** A UNet of two levels, with attention in the first. */
const small: UnetJson = {
  in_channels: 4,
  out_channels: 4,
  block_out_channels: [8, 16],
  layers_per_block: 1,
  cross_attention_dim: 12,
  attention_head_dim: 2,
  norm_num_groups: 4,
  down_block_types: [withAttention, 'DownBlock2D'],
  up_block_types: ['UpBlock2D', upWithAttention],
};

function question(json: UnetJson, size: Size, batch = 2, timestep = 421): UnetQuestion {
  const rows = Array.from({ length: batch }, (_, row) => row);
  return {
    size,
    timestep,
    samples: rows.map((row) => randomValues(100 + row, json.in_channels * size.height * size.width)),
    // The first row is the unconditional one.
    embeds: rows.map((row) =>
      row === 0
        ? new Float32Array(json.cross_attention_dim)
        : randomValues(200 + row, json.cross_attention_dim),
    ),
  };
}

/** float64 reference, with full cross-attention over a sequence of one token. */
function expected(reference: ReferenceUnet, json: UnetJson, asked: UnetQuestion): number[] {
  const { size, samples, embeds, timestep } = asked;
  return samples.flatMap((sample, row) => {
    const plane: Plane = { channels: json.in_channels, ...size, data: Float64Array.from(sample) };
    const token = Float64Array.from(embeds[row] ?? []);
    const context = { length: 1, channels: token.length, data: token };
    return [...reference.run(plane, timestep, context).data];
  });
}

async function unetError(
  json: UnetJson,
  size: Size,
  kernels = kernelsFor(Infinity),
  halves: 1 | 2 = 1,
): Promise<number> {
  const reference = referenceUnet(json);
  reference.parameters.randomise(1);
  const asked = question(json, size);
  // Both halves share the sample: for one picture, the two rows differ only in the embedding.
  const [first] = asked.samples;
  if (!first) throw new Error('there is no sample');
  const samples = halves === 2 ? [first] : asked.samples;
  const out = await runUnet(
    json,
    await reference.parameters.checkpoint(),
    { ...asked, samples },
    kernels,
    halves,
  );
  const rows = asked.embeds.map((_, row) => samples[row % samples.length] ?? first);
  return relativeError(out, expected(reference, json, { ...asked, samples: rows }));
}

describe('a compiled UNet matches the reference', () => {
  const even = { height: 6, width: 6 };
  const odd = { height: 5, width: 7 };
  const cases: Record<string, [UnetJson, Size]> = {
    'one level': [
      {
        ...small,
        block_out_channels: [8],
        down_block_types: [withAttention],
        up_block_types: [upWithAttention],
      },
      { height: 4, width: 4 },
    ],
    'two levels': [small, even],
    'attention on every level': [
      {
        ...small,
        down_block_types: [withAttention, withAttention],
        up_block_types: [upWithAttention, upWithAttention],
      },
      even,
    ],
    'attention in the middle alone': [
      {
        ...small,
        down_block_types: ['DownBlock2D', 'DownBlock2D'],
        up_block_types: ['UpBlock2D', 'UpBlock2D'],
      },
      even,
    ],
    'four levels with two layers each, as Stable Diffusion has them': [
      {
        ...small,
        block_out_channels: [8, 16, 24, 24],
        layers_per_block: 2,
        attention_head_dim: 4,
        down_block_types: [withAttention, withAttention, withAttention, 'DownBlock2D'],
        up_block_types: ['UpBlock2D', upWithAttention, upWithAttention, upWithAttention],
      },
      { height: 8, width: 8 },
    ],
    'three layers on a level': [{ ...small, layers_per_block: 3 }, even],
    'another number of layers on each level': [{ ...small, layers_per_block: [1, 3] }, even],
    'several transformer layers, another number on each level': [
      {
        ...small,
        transformer_layers_per_block: [2, 3],
        down_block_types: [withAttention, withAttention],
        up_block_types: [upWithAttention, upWithAttention],
      },
      even,
    ],
    'one head': [{ ...small, attention_head_dim: 1 }, even],
    'a head for every channel': [{ ...small, attention_head_dim: [8, 16] }, even],
    'linear projections': [{ ...small, use_linear_projection: true }, even],
    'asymmetric padding on downsampling': [{ ...small, downsample_padding: 0 }, even],
    'odd sides': [
      {
        ...small,
        block_out_channels: [8, 8, 8],
        down_block_types: [withAttention, withAttention, 'DownBlock2D'],
        up_block_types: ['UpBlock2D', upWithAttention, upWithAttention],
      },
      odd,
    ],
    'one odd side': [small, { height: 6, width: 7 }],
    'asymmetric padding and odd sides': [{ ...small, downsample_padding: 0 }, odd],
    'sines first, and shifted frequencies': [{ ...small, flip_sin_to_cos: false, freq_shift: 1 }, even],
    'other kernel sizes of the first and last convolution': [
      { ...small, conv_in_kernel: 5, conv_out_kernel: 1 },
      even,
    ],
    'another width of the time embedding': [{ ...small, time_embedding_dim: 20 }, even],
    'another epsilon': [{ ...small, norm_eps: 0.1 }, even],
  };
  it.each(Object.entries(cases))('%s', async (_, [json, size]) => {
    expect(await unetError(json, size)).toBeLessThan(limit);
  });

  it('with a random configuration', async () => {
    const anyUnet = fc
      .record({
        widths: fc.array(fc.constantFrom(8, 12, 16), { minLength: 1, maxLength: 3 }),
        attention: fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
        upAttention: fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
        layers: fc.array(fc.integer({ min: 1, max: 2 }), { minLength: 3, maxLength: 3 }),
        transformers: fc.array(fc.integer({ min: 1, max: 2 }), { minLength: 3, maxLength: 3 }),
        heads: fc.constantFrom(1, 2, 4),
        groups: fc.constantFrom(1, 2, 4),
        linear: fc.boolean(),
        padding: fc.constantFrom<0 | 1>(0, 1),
        height: fc.integer({ min: 4, max: 7 }),
        width: fc.integer({ min: 4, max: 7 }),
        fused: fc.constantFrom(0, 4, Infinity),
        scoreBytes: fc.constantFrom(1000, 10_000, Infinity),
        halves: fc.constantFrom<1 | 2>(1, 2),
      })
      .map(
        ({
          widths,
          attention,
          upAttention,
          layers,
          transformers,
          heads,
          groups,
          linear,
          padding,
          ...rest
        }) => {
          const levels = widths.length;
          const json: UnetJson = {
            ...small,
            block_out_channels: widths,
            layers_per_block: layers.slice(0, levels),
            transformer_layers_per_block: transformers.slice(0, levels),
            attention_head_dim: heads,
            norm_num_groups: groups,
            use_linear_projection: linear,
            downsample_padding: padding,
            down_block_types: attention.slice(0, levels).map((yes) => (yes ? withAttention : 'DownBlock2D')),
            up_block_types: upAttention.slice(0, levels).map((yes) => (yes ? upWithAttention : 'UpBlock2D')),
          };
          return { json, ...rest };
        },
      );
    await fc.assert(
      fc.asyncProperty(anyUnet, async ({ json, height, width, fused, scoreBytes, halves }) => {
        // Norms over few values lose some digits; a wrong layer is off by a thousand times as much.
        expect(await unetError(json, { height, width }, kernelsFor(fused, scoreBytes), halves)).toBeLessThan(
          10 * limit,
        );
      }),
      { numRuns: 5 },
    );
  });

  it.each(Object.entries(cases))('with both halves of guidance in one batch: %s', async (_, [json, size]) => {
    expect(await unetError(json, size, kernelsFor(Infinity), 2)).toBeLessThan(limit);
  });

  it('with several pictures and both halves', async () => {
    const reference = referenceUnet(small);
    reference.parameters.randomise(1);
    const asked = question(small, even, 4);
    const samples = asked.samples.slice(0, 2);
    const checkpoint = await reference.parameters.checkpoint();
    const out = await runUnet(small, checkpoint, { ...asked, samples }, kernelsFor(Infinity), 2);
    const rows = { ...asked, samples: [...samples, ...samples] };
    expect(relativeError(out, expected(reference, small, rows))).toBeLessThan(limit);
  });

  it('with sliced attention scores, down to one query at a time', async () => {
    for (const heads of [1, 2]) {
      const json = { ...small, attention_head_dim: heads };
      for (const scoreBytes of [1, 40_000, 80_000]) {
        expect(await unetError(json, odd, kernelsFor(0, scoreBytes))).toBeLessThan(limit);
      }
    }
  });

  it('with attention spelled out and with the fused node', async () => {
    const json = { ...small, attention_head_dim: [1, 4], down_block_types: [withAttention, withAttention] };
    // Heads of 8 and of 4 channels: both spelled out, one of them, none.
    for (const widest of [3, 4, 8]) {
      expect(await unetError(json, even, kernelsFor(widest))).toBeLessThan(limit);
    }
  });
});

/** An autoencoder with three levels. */
const smallVae: VaeJson = {
  in_channels: 3,
  out_channels: 3,
  latent_channels: 4,
  block_out_channels: [8, 8, 16],
  layers_per_block: 1,
  norm_num_groups: 4,
  down_block_types: ['DownEncoderBlock2D', 'DownEncoderBlock2D', 'DownEncoderBlock2D'],
  up_block_types: ['UpDecoderBlock2D', 'UpDecoderBlock2D', 'UpDecoderBlock2D'],
};

async function vaeError(json: VaeJson, size: Size, oldNames = false): Promise<number> {
  const reference = referenceVae(json, oldNames);
  reference.parameters.randomise(2);
  const length = json.latent_channels * size.height * size.width;
  const latents = [randomValues(1, length), randomValues(2, length)];
  const out = await runDecoder(json, await reference.parameters.checkpoint(), size, latents);
  const answer = latents.flatMap((data) => [
    ...reference.decode({ channels: json.latent_channels, ...size, data: Float64Array.from(data) }).data,
  ]);
  return relativeError(out, answer);
}

describe('a compiled decoder matches the reference', () => {
  const square = { height: 4, width: 4 };
  const cases: Record<string, [VaeJson, Size]> = {
    'three levels': [smallVae, square],
    'one level': [
      {
        ...smallVae,
        block_out_channels: [8],
        down_block_types: ['DownEncoderBlock2D'],
        up_block_types: ['UpDecoderBlock2D'],
      },
      square,
    ],
    'two layers a level': [{ ...smallVae, layers_per_block: 2 }, square],
    'latents of odd sides': [smallVae, { height: 5, width: 3 }],
    'another scaling factor': [{ ...smallVae, scaling_factor: 0.5 }, square],
    'no convolution after quantisation': [{ ...smallVae, use_post_quant_conv: false }, square],
    'no attention in the middle': [{ ...smallVae, mid_block_add_attention: false }, square],
  };
  it.each(Object.entries(cases))('%s', async (_, [json, size]) => {
    expect(await vaeError(json, size)).toBeLessThan(limit);
  });

  it('with the tensor names of attention before diffusers 0.12', async () => {
    expect(await vaeError(smallVae, square, true)).toBeLessThan(limit);
  });
});

describe('tensors read from a checkpoint', () => {
  const square = { height: 4, width: 4 };

  it('UNet: all but those unused with a context of one token', async () => {
    const { parameters } = referenceUnet(small);
    const { checkpoint, read } = watched(await parameters.randomise(3).checkpoint());
    await runUnet(small, checkpoint, question(small, square));
    const superfluous = [...parameters.shapes.keys()].filter((name) =>
      /\.(attn2\.to_q|attn2\.to_k|norm2)\./.exec(name.replace(/resnets\.\d+\.norm2/, '')),
    );
    expect(superfluous).toHaveLength(4 * 4);
    const needed = [...parameters.shapes.keys()].filter((name) => !superfluous.includes(name));
    expect([...read].sort()).toEqual(needed.sort());
  });

  it('decoder: none of the encoder', async () => {
    const { parameters } = referenceVae(smallVae);
    const { checkpoint, read } = watched(await parameters.randomise(4).checkpoint());
    await runDecoder(smallVae, checkpoint, square, [randomValues(1, 64)]);
    const needed = [...parameters.shapes.keys()].filter((name) => /^(decoder|post_quant_conv)\./.test(name));
    expect(needed.length).toBeGreaterThan(60);
    expect([...read].sort()).toEqual(needed.sort());
  });
});

describe('float16', () => {
  it('graphs are valid as in float32', async () => {
    const size = { height: 5, width: 6 };
    const unetConfig = parseUnetConfig('unet/config.json', { ...small, attention_head_dim: [1, 4] });
    const unet = await referenceUnet(small).parameters.randomise(5).checkpoint();
    const vae = await referenceVae(smallVae).parameters.randomise(6).checkpoint();
    const graphs = [
      { checkpoint: unet, graph: compileContext(unetConfig, unet, 'float16') },
      { checkpoint: unet, graph: compileUnet(unetConfig, unet, 'float16', size, kernelsFor(Infinity)) },
      { checkpoint: unet, graph: compileUnet(unetConfig, unet, 'float16', size, kernelsFor(0)) },
      {
        checkpoint: vae,
        graph: compileVaeDecoder(parseVaeConfig('vae/config.json', smallVae), vae, 'float16', size),
      },
    ];
    const ports: string[] = [];
    for (const { checkpoint, graph } of graphs) {
      const session = await load('float16', graph, checkpoint);
      ports.push(
        [...session.inputs, ...session.outputs].map(({ name, type }) => `${name} ${type}`).join(', '),
      );
      await session.release();
    }
    const unetPorts = 'sample float16, halves float16, timestep float32, context float16, output float16';
    expect(ports).toEqual([
      'embeds float32, context float16',
      unetPorts,
      unetPorts,
      'latents float16, image float16',
    ]);
  });
});
