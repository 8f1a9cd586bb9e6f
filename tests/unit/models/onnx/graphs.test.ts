import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CheckpointError } from '../../../../src/base/index.ts';
import { parseUnetConfig, parseVaeConfig } from '../../../../src/models/config/index.ts';
import {
  compileContext,
  compileUnet,
  compileVaeDecoder,
  contextWidth,
} from '../../../../src/models/onnx/index.ts';
import type { CompiledGraph, WeightPlan } from '../../../../src/models/onnx/index.ts';
import type { Checkpoint } from '../../../../src/models/types.ts';
import { int64Type, readOnnx } from '../../../support/onnx-file.ts';
import { count } from '../../../support/reference/parameters.ts';
import { referenceUnet } from '../../../support/reference/unet.ts';
import { referenceVae } from '../../../support/reference/vae.ts';
import { stableDiffusionUnet, stableDiffusionVae } from '../../../support/stable-diffusion.ts';
import { kernelsFor } from '../../../support/kernels.ts';

/** Stable Diffusion 1.x by its shapes, without values. */
const unet = referenceUnet(stableDiffusionUnet).parameters;
const vae = referenceVae(stableDiffusionVae, true).parameters;
const unetConfig = parseUnetConfig('unet/config.json', stableDiffusionUnet);
const vaeConfig = parseVaeConfig('vae/config.json', stableDiffusionVae);
const latents = { height: 64, width: 64 };
const fused = { ...kernelsFor(Infinity), fusedLayers: true };

const graphs: Record<string, CompiledGraph> = {
  context: compileContext(unetConfig, unet.header(), 'float16'),
  'UNet with fused attention': compileUnet(
    unetConfig,
    unet.header(),
    'float16',
    latents,
    kernelsFor(Infinity),
  ),
  'UNet with attention spelled out': compileUnet(
    unetConfig,
    unet.header(),
    'float16',
    latents,
    kernelsFor(0),
  ),
  'UNet with fused layers': compileUnet(unetConfig, unet.header(), 'float16', latents, fused),
  decoder: compileVaeDecoder(vaeConfig, vae.header(), 'float16', latents),
  'decoder with fused layers': compileVaeDecoder(vaeConfig, vae.header(), 'float16', latents, fused),
};
const graph = (name: keyof typeof graphs): CompiledGraph => {
  const found = graphs[name];
  if (!found) throw new Error(`there is no ${name}`);
  return found;
};

const planned = ({ weights }: WeightPlan) => weights.reduce((sum, { dims }) => sum + count(dims), 0);

describe('Stable Diffusion 1.x', () => {
  it('has the published number of parameters', () => {
    expect(unet.shapes.size).toBe(686);
    expect(unet.size).toBe(859_520_964);
    expect(vae.size).toBe(83_653_863);
  });

  it('compiles to the weights needed for a context of one token, in float16', () => {
    const superfluous = [...unet.shapes].filter(([name]) =>
      /transformer_blocks\.\d+\.(attn2\.to_[qk]|norm2)\./.test(name),
    );
    const needed = unet.size - superfluous.reduce((sum, [, dims]) => sum + count(dims), 0);
    const plans = [graph('context').plan, graph('UNet with fused attention').plan];
    expect(plans.reduce((sum, plan) => sum + planned(plan), 0)).toBe(needed);
    const bytes = plans.reduce((sum, plan) => sum + plan.byteLength, 0);
    expect(bytes / 1e9).toBeCloseTo(1.675, 2);
  });

  it('compiles to the decoder without the encoder', () => {
    expect(planned(graph('decoder').plan)).toBe(49_490_199);
  });

  it('compiles to few nodes and small graphs', () => {
    // Without changes of shape, which cost nothing.
    const computing = (name: string) =>
      readOnnx(graph(name).graph).nodes.filter(({ operator }) => operator !== 'Reshape').length;
    expect(computing('context')).toBeLessThan(40);
    expect(computing('UNet with fused attention')).toBeLessThan(620);
    for (const { graph: bytes } of Object.values(graphs)) expect(bytes.length).toBeLessThan(400_000);
  });

  it('has a context row for each of its 16 transformer blocks', () => {
    expect(contextWidth(unetConfig)).toBe(5 * 320 + 5 * 640 + 6 * 1280);
  });
});

describe.each(Object.entries(graphs))('graph of the %s', (_, { graph: bytes, nodes, plan }) => {
  const file = readOnnx(bytes);
  const constants = new Map(file.constants.map((constant) => [constant.name, constant]));

  it('defines every value once, before its first use', () => {
    const known = new Set([...file.inputs, ...constants.keys()]);
    expect(known.size).toBe(file.inputs.length + file.constants.length);
    for (const node of file.nodes) {
      for (const input of node.inputs) if (input !== '') expect(known).toContain(input);
      for (const output of node.outputs) {
        expect(known).not.toContain(output);
        known.add(output);
      }
    }
    for (const output of file.outputs) expect(known).toContain(output);
    expect(file.nodes).toHaveLength(nodes);
  });

  it('has no unused node, input or constant', () => {
    const read = new Set([...file.nodes.flatMap((node) => node.inputs), ...file.outputs]);
    for (const node of file.nodes) for (const output of node.outputs) expect(read).toContain(output);
    for (const name of [...file.inputs, ...constants.keys()]) expect(read).toContain(name);
  });

  it('uses only operators of the declared opsets', () => {
    expect([...file.opsets]).toEqual([
      ['', 20],
      ['com.microsoft', 1],
    ]);
    for (const { domain } of file.nodes) expect(file.opsets.has(domain)).toBe(true);
  });

  it('has no node with more tensors than a GPU can bind', () => {
    for (const { name, inputs, outputs } of file.nodes) {
      // Lengths and shapes are stored in the graph.
      const bound = inputs.filter((input) => input !== '' && constants.get(input)?.type !== int64Type);
      expect({ name, tensors: bound.length + outputs.length > 8 }).toEqual({ name, tensors: false });
    }
  });

  it('has its weights contiguous, aligned, and at the planned offsets', () => {
    let end = 0;
    for (const { name, dims, offset } of plan.weights) {
      expect(offset % 64).toBe(0);
      expect(offset).toBeGreaterThanOrEqual(end);
      expect(offset - end).toBeLessThan(64);
      const length = 2 * count(dims);
      end = offset + length;
      const constant = constants.get(name);
      expect(constant?.dims).toEqual(dims);
      expect(Object.fromEntries(constant?.external ?? [])).toEqual({
        location: plan.location,
        offset: String(offset),
        length: String(length),
      });
    }
    expect(plan.byteLength).toBe(end);
    const external = file.constants.filter((constant) => constant.external.size > 0);
    expect(external).toHaveLength(plan.weights.length);
  });
});

describe('attention', () => {
  const fusedHeads = (widest: number) => {
    const { nodes } = readOnnx(
      compileUnet(unetConfig, unet.header(), 'float16', latents, kernelsFor(widest)).graph,
    );
    return nodes.filter(({ operator }) => operator === 'MultiHeadAttention').length;
  };

  it('is one fused node when heads are no wider than the device supports', () => {
    // Stable Diffusion has heads of 40, 80 and 160 channels, in 5, 5 and 6 blocks.
    expect([39, 40, 80, 159, 160].map(fusedHeads)).toEqual([0, 5, 10, 10, 16]);
  });
});

describe('group norms and GEGLU', () => {
  const count = (name: keyof typeof graphs, operator: string) =>
    readOnnx(graph(name).graph).nodes.filter((node) => node.operator === operator).length;

  it('are one node each, with the activation, where the device has kernels for them', () => {
    for (const [name, norms] of [
      ['UNet', 61],
      ['decoder', 30],
    ] as const) {
      const plain = name === 'UNet' ? 'UNet with fused attention' : name;
      expect(count(plain, 'InstanceNormalization')).toBe(norms);
      expect(count(`${name} with fused layers`, 'GroupNorm')).toBe(norms);
      expect(count(`${name} with fused layers`, 'InstanceNormalization')).toBe(0);
    }
    // One for each transformer block. The embedding of the timestep keeps its SiLU nodes.
    expect(count('UNet with fused layers', 'BiasSplitGelu')).toBe(16);
    expect(count('UNet with fused layers', 'Gelu')).toBe(0);
    expect(count('UNet with fused layers', 'QuickGelu')).toBe(2);
    expect(count('decoder with fused layers', 'QuickGelu')).toBe(0);
  });

  it('need less memory then', () => {
    const fusedLayers = graph('UNet with fused layers').peak(2);
    expect(fusedLayers).toBeLessThan(graph('UNet with fused attention').peak(2));
  });
});

describe('a checkpoint that does not match its configuration', () => {
  const without = (checkpoint: Checkpoint, tensor: string): Checkpoint => ({
    ...checkpoint,
    tensors: new Map([...checkpoint.tensors].filter(([name]) => name !== tensor)),
  });
  const reshaped = (checkpoint: Checkpoint, tensor: string, dims: readonly number[]): Checkpoint => ({
    ...checkpoint,
    tensors: new Map(
      [...checkpoint.tensors].map(([name, entry]) => [name, name === tensor ? { ...entry, dims } : entry]),
    ),
  });
  const compile = {
    context: (checkpoint: Checkpoint) => compileContext(unetConfig, checkpoint, 'float16'),
    unet: (checkpoint: Checkpoint) =>
      compileUnet(unetConfig, checkpoint, 'float16', latents, kernelsFor(Infinity)),
    vae: (checkpoint: Checkpoint) => compileVaeDecoder(vaeConfig, checkpoint, 'float16', latents),
  };
  const error = (run: () => unknown): CheckpointError => {
    try {
      run();
    } catch (thrown) {
      if (thrown instanceof CheckpointError) return thrown;
      throw thrown;
    }
    throw new Error('should have failed');
  };
  const attn2 = /\.attn2\./;
  const parts: [keyof typeof compile, Checkpoint, (name: string) => boolean][] = [
    ['context', unet.header('unet.bin'), (name) => /\.attn2\.(to_v|to_out)/.test(name)],
    [
      'unet',
      unet.header('unet.bin'),
      (name) => !attn2.test(name) && !/transformer_blocks\.\d+\.norm2/.test(name),
    ],
    ['vae', vae.header('vae.bin'), (name) => /^(decoder|post_quant_conv)/.test(name)],
  ];

  it.each(parts)('is rejected when it lacks a tensor of the %s', (part, checkpoint, needs) => {
    const names = [...checkpoint.tensors.keys()].filter(needs);
    expect(names.length).toBeGreaterThan(30);
    fc.assert(
      fc.property(fc.constantFrom(...names), (tensor) => {
        const { code, message, details } = error(() => compile[part](without(checkpoint, tensor)));
        expect(code).toBe('tensor-missing');
        // Without its query, an attention layer may have old or new names.
        expect(details['file']).toBe(checkpoint.name);
        if (!/\.(query|to_q)\.weight$/.test(tensor)) expect(details['tensor']).toBe(tensor);
        expect(message).toContain(String(details['tensor']));
      }),
      { numRuns: 10 },
    );
  });

  it.each(parts)('is rejected when a tensor of the %s has another shape', (part, checkpoint, needs) => {
    const names = [...checkpoint.tensors.keys()].filter(needs);
    fc.assert(
      fc.property(fc.constantFrom(...names), (tensor) => {
        const dims = checkpoint.tensors.get(tensor)?.dims ?? [];
        const [first = 0, ...rest] = dims;
        const { code, details } = error(() =>
          compile[part](reshaped(checkpoint, tensor, [first + 1, ...rest])),
        );
        expect(code).toBe('tensor-shape');
        expect(details).toMatchObject({ tensor, found: `[${[first + 1, ...rest].join(', ')}]` });
      }),
      { numRuns: 10 },
    );
  });

  it.each([
    ['as a matrix', 'conv_shortcut.weight', 2],
    ['as a convolution of one pixel', 'attn1.to_q.weight', 4],
  ])('may store a pointwise linear layer %s', (_, ending, rank) => {
    const [tensor, dims] = [...unet.shapes].find(([name]) => name.endsWith(ending)) ?? ['', []];
    const stored = [...dims, 1, 1].slice(0, rank);
    expect(stored).toHaveLength(rank);
    const { plan } = compile.unet(reshaped(unet.header(), tensor, stored));
    expect(plan).toEqual(graph('UNet with fused attention').plan);
  });
});
