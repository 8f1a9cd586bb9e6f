import type { UnetJson } from './reference/unet.ts';
import type { VaeJson } from './reference/vae.ts';

/** `unet/config.json` of Stable Diffusion image variations, as diffusers wrote it in 2022. */
export const stableDiffusionUnet = {
  _class_name: 'UNet2DConditionModel',
  _diffusers_version: '0.6.0.dev0',
  act_fn: 'silu',
  attention_head_dim: 8,
  block_out_channels: [320, 640, 1280, 1280],
  center_input_sample: false,
  cross_attention_dim: 768,
  down_block_types: ['CrossAttnDownBlock2D', 'CrossAttnDownBlock2D', 'CrossAttnDownBlock2D', 'DownBlock2D'],
  downsample_padding: 1,
  flip_sin_to_cos: true,
  freq_shift: 0,
  in_channels: 4,
  layers_per_block: 2,
  mid_block_scale_factor: 1,
  norm_eps: 1e-5,
  norm_num_groups: 32,
  out_channels: 4,
  sample_size: 64,
  up_block_types: ['UpBlock2D', 'CrossAttnUpBlock2D', 'CrossAttnUpBlock2D', 'CrossAttnUpBlock2D'],
} satisfies UnetJson & Record<string, unknown>;

/** `vae/config.json` of Stable Diffusion image variations, which lacks a scaling factor. */
export const stableDiffusionVae = {
  _class_name: 'AutoencoderKL',
  _diffusers_version: '0.6.0.dev0',
  act_fn: 'silu',
  block_out_channels: [128, 256, 512, 512],
  down_block_types: ['DownEncoderBlock2D', 'DownEncoderBlock2D', 'DownEncoderBlock2D', 'DownEncoderBlock2D'],
  in_channels: 3,
  latent_channels: 4,
  layers_per_block: 2,
  norm_num_groups: 32,
  out_channels: 3,
  sample_size: 512,
  up_block_types: ['UpDecoderBlock2D', 'UpDecoderBlock2D', 'UpDecoderBlock2D', 'UpDecoderBlock2D'],
} satisfies VaeJson & Record<string, unknown>;
