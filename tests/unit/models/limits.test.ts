import { describe, expect, it } from 'vitest';
import { DriftError } from '../../../src/base/index.ts';
import { parseSchedulerConfig, parseUnetConfig, parseVaeConfig } from '../../../src/models/config/index.ts';
import { createModel, targetFor } from '../../../src/models/index.ts';
import { compileContext, compileUnet, compileVaeDecoder } from '../../../src/models/onnx/index.ts';
import type { CompiledGraph } from '../../../src/models/onnx/index.ts';
import { referenceUnet } from '../../support/reference/unet.ts';
import type { UnetJson } from '../../support/reference/unet.ts';
import { referenceVae } from '../../support/reference/vae.ts';
import { stableDiffusionUnet, stableDiffusionVae } from '../../support/stable-diffusion.ts';
import { kernelsFor } from '../../support/kernels.ts';

/** Stable Diffusion 1.x by its shapes, without values. */
const unet = {
  config: parseUnetConfig('unet/config.json', stableDiffusionUnet),
  checkpoint: {
    ...referenceUnet(stableDiffusionUnet).parameters.header(),
    read: () => Promise.reject(new Error('no weight is read')),
  },
};
const vae = {
  config: parseVaeConfig('vae/config.json', stableDiffusionVae),
  checkpoint: {
    ...referenceVae(stableDiffusionVae, true).parameters.header(),
    read: () => Promise.reject(new Error('no weight is read')),
  },
};
const latents = { height: 64, width: 64 };

const fusedLayers = { ...kernelsFor(Infinity), fusedLayers: true };

/** Size of the largest node output of a graph, in bytes. */
function largest(graph: CompiledGraph, batch: number): { bytes: number; dims: string } {
  const [first] = [...graph.values(batch).values()].toSorted((a, b) => b.bytes - a.bytes);
  return { bytes: first?.bytes ?? 0, dims: first?.dims.join('×') ?? '' };
}

describe('values of a compiled graph', () => {
  it.each([
    [
      'UNet',
      (type: 'float16' | 'float32') =>
        compileUnet(unet.config, unet.checkpoint, type, { height: 40, width: 56 }, kernelsFor(0)),
      'output',
      '3×4×40×56',
    ],
    [
      'UNet with fused layers',
      (type: 'float16' | 'float32') =>
        compileUnet(unet.config, unet.checkpoint, type, { height: 40, width: 56 }, fusedLayers),
      'output',
      '3×4×40×56',
    ],
    [
      'decoder',
      (type: 'float16' | 'float32') =>
        compileVaeDecoder(vae.config, vae.checkpoint, type, { height: 40, width: 56 }),
      'image',
      '3×3×320×448',
    ],
    [
      'context',
      (type: 'float16' | 'float32') => compileContext(unet.config, unet.checkpoint, type),
      'context',
      '3×12480',
    ],
  ] as const)('have integer dims, up to the output: %s', (_, compile, name, dims) => {
    const [half, single] = [compile('float16').values(3), compile('float32').values(3)];
    for (const value of half.values()) {
      expect(
        value.dims.every((dim) => Number.isInteger(dim) && dim > 0),
        value.operator,
      ).toBe(true);
    }
    expect(half.get(name)?.dims.join('×')).toBe(dims);
    expect(single.get(name)?.bytes).toBe(2 * (half.get(name)?.bytes ?? 0));
  });

  it('have the expected maximum size for Stable Diffusion at 512 × 512', () => {
    const { config, checkpoint } = unet;
    // Attention scores of one head over all positions, or both halves of the widest gated layer.
    const spelled = compileUnet(config, checkpoint, 'float16', latents, kernelsFor(0));
    expect(largest(spelled, 2)).toEqual({ bytes: 2 * 8 * 4096 ** 2 * 2, dims: '2×8×4096×4096' });
    const fused = compileUnet(config, checkpoint, 'float16', latents, kernelsFor(Infinity));
    expect(largest(fused, 2)).toEqual({ bytes: 2 * 4096 * 2560 * 2, dims: '8192×2560' });
    // GEGLU as one node halves its input's channels.
    const gated = compileUnet(config, checkpoint, 'float16', latents, fusedLayers).values(2).values();
    const halves = [...gated].filter(({ operator }) => operator === 'BiasSplitGelu').map(({ dims }) => dims);
    expect(halves[0]).toEqual([2, 4096, 1280]);
    const decoder = compileVaeDecoder(vae.config, vae.checkpoint, 'float16', latents);
    expect(largest(decoder, 1)).toEqual({ bytes: 256 * 512 * 512 * 2, dims: '1×256×512×512' });
  });
});

describe('device limits', () => {
  const parts = {
    unet,
    vae,
    scheduler: parseSchedulerConfig('scheduler.json', {}),
    imageEncoder: { model: () => Promise.reject(new Error('not read')), size: 224 },
  };
  /** A UNet with two heads at its widest layer. */
  const json: UnetJson = {
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
  const miniature = {
    config: parseUnetConfig('unet/config.json', json),
    checkpoint: { ...unet.checkpoint, ...referenceUnet(json).parameters.header() },
  };
  type Limits = Record<'maxBufferSize' | 'maxStorageBufferBindingSize', number>;
  /** Checks pictures of Stable Diffusion against a device's limits, from shapes alone. */
  function check(limits: Limits, batch = 1, size = latents): void {
    const model = createModel(parts, targetFor('float16', false, limits));
    model.checkLimits('UNet', size, 2 * batch);
    model.checkLimits('decoder', size, batch);
  }
  function refusal(...demand: Parameters<typeof check>): DriftError {
    try {
      check(...demand);
    } catch (error) {
      if (error instanceof DriftError) return error;
      throw error;
    }
    throw new Error('the device should be too small');
  }
  const large = { maxBufferSize: 2 ** 31, maxStorageBufferBindingSize: 2 ** 30 };
  const decoder = 256 * 512 * 512 * 2;

  it('exactly as large as the largest tensor are accepted', () => {
    check(large);
    check({ maxBufferSize: decoder, maxStorageBufferBindingSize: decoder });
  });

  it('one byte too small are reported with the limit, the bytes needed and available, and a remedy', () => {
    const error = refusal({ ...large, maxBufferSize: decoder - 1 });
    expect(error).toMatchObject({
      name: 'DeviceError',
      code: 'gpu-too-small',
      details: {
        network: 'decoder',
        limit: 'maxBufferSize',
        needed: decoder,
        available: decoder - 1,
        dims: '1×256×512×512',
      },
    });
    expect(error.message).toContain('135 MB');
    expect(error.message).toContain('The decoder needs');
    expect(error.message).toContain('maxBufferSize');
    expect(error.remedy).toContain('smaller picture');
    expect(refusal({ ...large, maxStorageBufferBindingSize: 2 ** 26 }).details).toMatchObject({
      limit: 'maxStorageBufferBindingSize',
      available: 2 ** 26,
    });
  });

  it('allow a smaller picture, or a smaller batch', () => {
    const limits = { ...large, maxStorageBufferBindingSize: decoder };
    expect(refusal(limits, 2).code).toBe('gpu-too-small');
    check(limits, 2, { height: 32, width: 32 });
    const tight = { ...large, maxStorageBufferBindingSize: 2 ** 26 };
    check(tight, 1, { height: 32, width: 32 });
  });

  it('must be twice as large for a network in float32', () => {
    const inFloat32 = (bytes: number) => {
      const limits = { maxBufferSize: bytes, maxStorageBufferBindingSize: bytes };
      const model = createModel(parts, targetFor('float16', false, limits));
      model.checkLimits('decoder', latents, 1);
      model.checkLimits('decoder', latents, 1, 'float32');
    };
    inFloat32(2 * decoder);
    expect(() => {
      inFloat32(2 * decoder - 1);
    }).toThrow(expect.objectContaining({ code: 'gpu-too-small' }));
  });

  it('too small for a weight give no advice to use a smaller picture', () => {
    const limits = { ...large, maxBufferSize: 40e6 };
    const { details, remedy } = refusal(limits, 1, { height: 8, width: 8 });
    expect(details).toMatchObject({
      network: 'UNet',
      needed: 1280 * 2560 * 9 * 2,
      dims: '1280×2560×3×3',
    });
    expect(remedy).not.toContain('picture');
  });

  it('too small for a whole batch decode one picture at a time, or in tiles', () => {
    const tileOf = (bytes: number, rows: number, size = latents) => {
      const limits = { maxBufferSize: bytes, maxStorageBufferBindingSize: bytes };
      return createModel(parts, targetFor('float16', false, limits)).decoderTile(size, rows);
    };
    expect(tileOf(2 * decoder, 2)).toEqual({ rows: 2, height: 64, width: 64 });
    expect(tileOf(2 * decoder - 1, 2)).toEqual({ rows: 1, height: 64, width: 64 });
    expect(tileOf(decoder - 1, 2)).toEqual({ rows: 1, height: 48, width: 48 });
    expect(tileOf(decoder, 1, { height: 96, width: 96 })).toEqual({ rows: 1, height: 64, width: 64 });
    expect(tileOf(decoder, 1, { height: 64, width: 128 })).toEqual({ rows: 1, height: 64, width: 64 });
    // The error states the memory that the whole picture needs.
    expect(() => tileOf(256 * 128 ** 2 * 2 - 1, 1)).toThrow(
      `The decoder needs ${Math.ceil(decoder / 1e6)} MB`,
    );
  });

  it('of the CPU allow what ONNX Runtime can run, and reject an integer overflow', () => {
    const small = createModel({ ...parts, unet: miniature }, targetFor('float32', false));
    // Scores of one head over all positions: 16384² floats are 2^30 bytes, one more than the limit.
    small.checkLimits('decoder', latents, 1);
    small.checkLimits('UNet', { height: 64, width: 64 }, 2);
    const needed = (network: 'UNet' | 'decoder', side: number, rows: number) => {
      try {
        small.checkLimits(network, { height: side, width: side }, rows);
      } catch (error) {
        if (error instanceof DriftError && error.code === 'cpu-too-small') return error.details['needed'];
        throw error;
      }
      return 'nothing';
    };
    expect(needed('decoder', 128, 1)).toBe(2 ** 30);
    // Fused attention allocates no scores; this is two heads of four rows.
    expect(needed('UNet', 96, 4)).toBe(4 * 2 * 96 ** 4 * 4);
  });

  it('of the CPU reject a model that does not fit into memory', () => {
    const model = createModel(parts, targetFor('float32', false));
    expect(() => {
      model.checkLimits('UNet', latents, 2);
    }).toThrow(expect.objectContaining({ code: 'cpu-too-small' }));
  });
});
