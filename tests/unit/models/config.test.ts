import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { ModelError } from '../../../src/base/index.ts';
import {
  checkLatents,
  parseSchedulerConfig,
  parseUnetConfig,
  parseVaeConfig,
} from '../../../src/models/config/index.ts';
import { stableDiffusionUnet, stableDiffusionVae } from '../../support/stable-diffusion.ts';

const golden = async (path: string): Promise<unknown> =>
  JSON.parse(await readFile(new URL(`../../golden/shapes/checkpoint/${path}`, import.meta.url), 'utf8'));

function refusal(run: () => unknown): ModelError {
  try {
    run();
  } catch (error) {
    if (error instanceof ModelError) return error;
    throw error;
  }
  throw new Error('should have been refused');
}

const unet = (changes: Record<string, unknown> = {}) =>
  parseUnetConfig('unet/config.json', { ...stableDiffusionUnet, ...changes });
const vae = (changes: Record<string, unknown> = {}) =>
  parseVaeConfig('vae/config.json', { ...stableDiffusionVae, ...changes });
const scheduler = (input: unknown = {}) => parseSchedulerConfig('scheduler_config.json', input);

/** A configuration without one of its keys. */
const without = (config: Record<string, unknown>, missing: string) =>
  Object.fromEntries(Object.entries(config).filter(([key]) => key !== missing));

describe('configurations of the golden files', () => {
  it('UNet', async () => {
    expect(parseUnetConfig('unet/config.json', await golden('unet/config.json'))).toEqual({
      inChannels: 4,
      outChannels: 4,
      down: [
        { channels: 32, layers: 1, transformerLayers: 1, heads: 4, contextWidth: 64 },
        { channels: 64, layers: 1, transformerLayers: 1, heads: 4, contextWidth: 64 },
        { channels: 96, layers: 1, transformerLayers: 0, heads: 4, contextWidth: 64 },
      ],
      middle: { channels: 96, layers: 1, transformerLayers: 1, heads: 4, contextWidth: 64 },
      up: [
        { channels: 96, layers: 1, transformerLayers: 0, heads: 4, contextWidth: 64 },
        { channels: 64, layers: 1, transformerLayers: 1, heads: 4, contextWidth: 64 },
        { channels: 32, layers: 1, transformerLayers: 1, heads: 4, contextWidth: 64 },
      ],
      embeddingWidth: 64,
      timeWidth: 128,
      groups: 8,
      epsilon: 1e-5,
      downsamplePadding: 1,
      convInKernel: 3,
      convOutKernel: 3,
      timestep: { width: 32, cosineFirst: true, frequencyShift: 0 },
    });
  });

  it('VAE', async () => {
    expect(parseVaeConfig('vae/config.json', await golden('vae/config.json'))).toEqual({
      latentChannels: 4,
      outChannels: 3,
      channels: [32, 32, 64, 64],
      layers: 1,
      groups: 8,
      scalingFactor: 0.18215,
      postQuantConv: true,
      middleAttention: true,
      latentScale: 8,
    });
  });

  it('scheduler', async () => {
    expect(scheduler(await golden('scheduler/scheduler_config.json'))).toEqual({
      betaStart: 0.00085,
      betaEnd: 0.012,
      betaSchedule: 'scaled_linear',
      trainTimesteps: 1000,
      prediction: 'epsilon',
      spacing: 'linspace',
      stepsOffset: 0,
    });
  });
});

describe('configuration of Stable Diffusion image variations', () => {
  it('has a UNet of four levels with 8 heads, whichever key gives their number', () => {
    const { down, middle, up, embeddingWidth, timeWidth, groups } = unet();
    expect(down.map(({ channels }) => channels)).toEqual([320, 640, 1280, 1280]);
    expect(up.map(({ channels }) => channels)).toEqual([1280, 1280, 640, 320]);
    expect(down.map(({ transformerLayers }) => transformerLayers)).toEqual([1, 1, 1, 0]);
    expect(up.map(({ transformerLayers }) => transformerLayers)).toEqual([0, 1, 1, 1]);
    for (const level of [...down, middle, ...up]) {
      expect(level).toMatchObject({ layers: 2, heads: 8, contextWidth: 768 });
    }
    expect({ embeddingWidth, timeWidth, groups }).toEqual({
      embeddingWidth: 768,
      timeWidth: 1280,
      groups: 32,
    });
  });

  it('has a decoder with latent scale 8 and the default scaling factor', () => {
    expect(vae()).toMatchObject({
      channels: [128, 256, 512, 512],
      layers: 2,
      scalingFactor: 0.18215,
      latentScale: 8,
    });
  });

  it('is parsed the same when written by a newer diffusers', () => {
    const written = unet({
      _diffusers_version: '0.30.3',
      _name_or_path: 'somewhere',
      act_fn: 'silu',
      addition_embed_type: null,
      addition_embed_type_num_heads: 64,
      addition_time_embed_dim: null,
      attention_type: 'default',
      class_embed_type: null,
      class_embeddings_concat: false,
      conv_in_kernel: 3,
      conv_out_kernel: 3,
      cross_attention_norm: null,
      dropout: 0,
      dual_cross_attention: false,
      encoder_hid_dim: null,
      encoder_hid_dim_type: null,
      mid_block_only_cross_attention: null,
      mid_block_type: 'UNetMidBlock2DCrossAttn',
      num_attention_heads: null,
      num_class_embeds: null,
      only_cross_attention: false,
      projection_class_embeddings_input_dim: null,
      resnet_out_scale_factor: 1,
      resnet_skip_time_act: false,
      resnet_time_scale_shift: 'default',
      reverse_transformer_layers_per_block: null,
      time_cond_proj_dim: null,
      time_embedding_act_fn: null,
      time_embedding_dim: null,
      time_embedding_type: 'positional',
      timestep_post_act: null,
      transformer_layers_per_block: 1,
      upcast_attention: false,
      use_linear_projection: false,
    });
    expect(written).toEqual(unet());
    const decoder = vae({
      _diffusers_version: '0.30.3',
      force_upcast: true,
      latents_mean: null,
      latents_std: null,
      mid_block_add_attention: true,
      scaling_factor: 0.18215,
      shift_factor: null,
      use_post_quant_conv: true,
      use_quant_conv: true,
    });
    expect(decoder).toEqual(vae());
  });

  it.each([
    ['sample_size', 96],
    ['decay', 0.9999],
    ['min_decay', 0],
    ['optimization_step', 340_000],
    ['update_after_step', 0],
    ['use_ema_warmup', true],
    ['inv_gamma', 1],
    ['power', 0.75],
    ['sample_size', [64, 96]],
    ['_anything', { at: 'all' }],
    ['dropout', 0.1],
    ['upcast_attention', true],
    ['center_input_sample', false],
    ['a_key_of_tomorrow', null],
    ['a_key_of_tomorrow', false],
    ['a_key_of_tomorrow', []],
  ])('may have "%s": %j', (key, value) => {
    expect(unet({ [key]: value })).toEqual(unet());
  });
});

describe('UNet configuration with different levels', () => {
  it('has its lists in order of the down blocks, reversed for the up blocks', () => {
    const lists = unet({
      layers_per_block: [1, 2, 3, 4],
      transformer_layers_per_block: [1, 2, 4, 8],
      attention_head_dim: [5, 10, 20, 40],
      cross_attention_dim: [768, 768, 768, 768],
    });
    expect(lists.down).toEqual([
      { channels: 320, layers: 1, transformerLayers: 1, heads: 5, contextWidth: 768 },
      { channels: 640, layers: 2, transformerLayers: 2, heads: 10, contextWidth: 768 },
      { channels: 1280, layers: 3, transformerLayers: 4, heads: 20, contextWidth: 768 },
      { channels: 1280, layers: 4, transformerLayers: 0, heads: 40, contextWidth: 768 },
    ]);
    expect(lists.middle).toMatchObject({ channels: 1280, transformerLayers: 8, heads: 40 });
    expect(lists.up.map(({ layers }) => layers)).toEqual([4, 3, 2, 1]);
    expect(lists.up.map(({ transformerLayers }) => transformerLayers)).toEqual([0, 4, 2, 1]);
  });

  it.each(['layers_per_block', 'transformer_layers_per_block', 'attention_head_dim', 'cross_attention_dim'])(
    'is rejected when "%s" has too few values',
    (key) => {
      const value = [8, 8, 8];
      const { code, details, message } = refusal(() => unet({ [key]: value }));
      expect({ code, key: details['key'] }).toEqual({ code: 'config-invalid', key });
      expect(message).toContain('3 values for 4 levels');
    },
  );
});

describe('an unsupported UNet configuration is rejected by key', () => {
  it.each([
    ['in_channels', 9],
    ['out_channels', 8],
    ['in_channels', 65],
    ['addition_embed_type', 'text_time'],
    ['addition_time_embed_dim', 256],
    ['class_embed_type', 'timestep'],
    ['num_class_embeds', 1000],
    ['num_attention_heads', 8],
    ['num_attention_heads', [5, 10, 20, 20]],
    ['dual_cross_attention', true],
    ['only_cross_attention', true],
    ['center_input_sample', true],
    ['act_fn', 'gelu'],
    ['act_fn', null],
    ['attention_type', 'gated'],
    ['time_embedding_type', 'fourier'],
    ['time_embedding_act_fn', 'silu'],
    ['time_cond_proj_dim', 256],
    ['resnet_time_scale_shift', 'scale_shift'],
    ['resnet_skip_time_act', true],
    ['resnet_out_scale_factor', 1.5],
    ['mid_block_type', 'UNetMidBlock2DSimpleCrossAttn'],
    ['mid_block_type', null],
    ['mid_block_scale_factor', 2],
    ['encoder_hid_dim', 1024],
    ['reverse_transformer_layers_per_block', [[1], [1]]],
    ['down_block_types', ['AttnDownBlock2D', 'DownBlock2D', 'DownBlock2D', 'DownBlock2D']],
    ['up_block_types', ['UpBlock2D', 'UpBlock2D', 'UpBlock2D', 'AttnUpBlock2D']],
    ['down_block_types', ['DownBlock2D']],
    ['cross_attention_dim', [768, 768, 1024, 1024]],
    ['attention_head_dim', 7],
    ['norm_num_groups', 30],
    ['a_key_of_tomorrow', 1],
    ['a_key_of_tomorrow', 'yes'],
    ['a_key_of_tomorrow', { of: 'its own' }],
    ['toString', 'text'],
  ])('"%s": %j', (key, value) => {
    const { code, details, message, remedy } = refusal(() => unet({ [key]: value }));
    expect(code).toBe('config-unsupported');
    expect(details).toMatchObject({ file: 'unet/config.json', key });
    expect(message).toContain(`"${key}"`);
    expect(remedy).toContain('Stable Diffusion 1.x');
  });
});

describe('a damaged UNet configuration is rejected by key', () => {
  it.each([
    ['in_channels', '4'],
    ['in_channels', 0],
    ['in_channels', 4.5],
    ['block_out_channels', []],
    ['block_out_channels', 320],
    ['layers_per_block', 0],
    ['layers_per_block', null],
    ['cross_attention_dim', -768],
    ['attention_head_dim', [8, '8', 8, 8]],
    ['norm_eps', -1],
    ['downsample_padding', 2],
    ['conv_in_kernel', 4],
    ['flip_sin_to_cos', 1],
    ['time_embedding_dim', 'wide'],
  ])('"%s": %j', (key, value) => {
    const { code, details } = refusal(() => unet({ [key]: value }));
    expect(code).toBe('config-invalid');
    expect(String(details['key']).split('.')[0]).toBe(key);
  });

  it.each([[null], [[]], ['text'], [3]])('%j instead of an object', (input) => {
    for (const parse of [parseUnetConfig, parseVaeConfig, parseSchedulerConfig]) {
      const { code, details } = refusal(() => parse('config.json', input));
      expect({ code, file: details['file'] }).toEqual({ code: 'config-invalid', file: 'config.json' });
    }
  });
});

describe('VAE configuration', () => {
  it('matches a UNet with the same number of latent channels, and no other', () => {
    const sixteen = [unet({ in_channels: 16, out_channels: 16 }), vae({ latent_channels: 16 })] as const;
    expect(() => {
      checkLatents(...sixteen);
    }).not.toThrow();
    const { code, details } = refusal(() => {
      checkLatents(unet(), sixteen[1]);
    });
    expect({ code, ...details }).toEqual({
      code: 'config-unsupported',
      key: 'latent_channels',
      unet: 4,
      decoder: 16,
    });
  });

  it('may have an unsupported encoder', () => {
    expect(vae({ down_block_types: ['Anything'] })).toEqual(vae());
  });

  it('has a latent scale that doubles for every level but one', () => {
    const levels = (count: number) =>
      vae({
        block_out_channels: Array.from({ length: count }, () => 64),
        up_block_types: Array.from({ length: count }, () => 'UpDecoderBlock2D'),
      }).latentScale;
    expect([1, 2, 3, 4, 5].map(levels)).toEqual([1, 2, 4, 8, 16]);
  });

  it.each([
    ['latent_channels', 65],
    ['act_fn', 'relu'],
    ['up_block_types', ['UpDecoderBlock2D', 'UpDecoderBlock2D', 'UpDecoderBlock2D']],
    ['up_block_types', Array.from({ length: 4 }, () => 'AttnUpDecoderBlock2D')],
    ['norm_num_groups', 48],
    ['out_channels', 4],
    ['latents_mean', [0, 0, 0, 0]],
    ['shift_factor', 0.1],
    ['a_key_of_tomorrow', 1],
    ['toString', 1],
  ])('unsupported, is rejected by key: "%s": %j', (key, value) => {
    const { code, details } = refusal(() => vae({ [key]: value }));
    expect({ code, key: details['key'] }).toEqual({ code: 'config-unsupported', key });
  });

  it.each([
    ['scaling_factor', 0],
    ['scaling_factor', 'none'],
    ['latent_channels', 0],
    ['layers_per_block', [2, 2, 2, 2]],
    ['block_out_channels', 'wide'],
    ['use_post_quant_conv', 0],
  ])('damaged, is rejected by key: "%s": %j', (key, value) => {
    const { code, details } = refusal(() => vae({ [key]: value }));
    expect({ code, key: details['key'] }).toEqual({ code: 'config-invalid', key });
  });
});

describe('scheduler configuration', () => {
  it('may be empty, which gives the usual defaults', () => {
    expect(scheduler({})).toEqual({
      betaStart: 0.00085,
      betaEnd: 0.012,
      betaSchedule: 'scaled_linear',
      trainTimesteps: 1000,
      prediction: 'epsilon',
      spacing: 'linspace',
      stepsOffset: 0,
    });
  });

  it('may define the timestep spacing', () => {
    expect(scheduler({ timestep_spacing: 'trailing', steps_offset: 1 })).toMatchObject({
      spacing: 'trailing',
      stepsOffset: 0,
    });
    expect(scheduler({ timestep_spacing: 'leading', steps_offset: 1 })).toMatchObject({
      spacing: 'leading',
      stepsOffset: 1,
    });
  });

  it.each(['PNDMScheduler', 'DDIMScheduler', 'EulerDiscreteScheduler'])('may be of class %s', (name) => {
    const file = { _class_name: name, steps_offset: 1, clip_sample: false, set_alpha_to_one: false };
    expect(scheduler(file)).toEqual(scheduler({}));
  });

  it.each(['epsilon', 'v_prediction', 'sample'])('may predict %s', (prediction) => {
    expect(scheduler({ prediction_type: prediction }).prediction).toBe(prediction);
  });

  it.each([
    ['beta_schedule', 'squaredcos_cap_v2'],
    ['prediction_type', 'flow'],
    ['trained_betas', [0.1, 0.2]],
    ['rescale_betas_zero_snr', true],
    ['timestep_spacing', 'uneven'],
    ['use_karras_sigmas', true],
    ['use_exponential_sigmas', true],
    ['use_beta_sigmas', true],
    ['use_lu_lambdas', true],
    ['thresholding', true],
  ])('unsupported, is rejected by key: "%s": %j', (key, value) => {
    const { code, details } = refusal(() => scheduler({ [key]: value }));
    expect({ code, key: details['key'] }).toEqual({ code: 'config-unsupported', key });
  });

  it.each([
    ['beta_start', '0.00085'],
    ['beta_start', 0],
    ['beta_end', 1],
    ['beta_end', -0.012],
    ['num_train_timesteps', 1],
    ['num_train_timesteps', 1e12],
    ['num_train_timesteps', 999.5],
  ])('damaged, is rejected by key: "%s": %j', (key, value) => {
    const { code, details } = refusal(() => scheduler({ [key]: value }));
    expect({ code, key: details['key'] }).toEqual({ code: 'config-invalid', key });
  });
});

describe('missing keys', () => {
  it('have the defaults of diffusers', () => {
    expect(parseUnetConfig('c', without(stableDiffusionUnet, 'cross_attention_dim')).embeddingWidth).toBe(
      1280,
    );
    expect(parseUnetConfig('c', without(stableDiffusionUnet, 'attention_head_dim')).middle.heads).toBe(8);
    for (const key of [
      'norm_num_groups',
      'norm_eps',
      'block_out_channels',
      'layers_per_block',
      'freq_shift',
    ]) {
      expect(parseUnetConfig('c', without(stableDiffusionUnet, key))).toEqual(unet());
    }
    expect(parseVaeConfig('c', without(stableDiffusionVae, 'layers_per_block')).layers).toBe(1);
  });
});
