import { mostLatentChannels } from '../../base/index.ts';
import blendTile from './kernels/blend_tile.wgsl?raw';
import clipGuidance from './kernels/clip_guidance.wgsl?raw';
import clipPreprocess from './kernels/clip_preprocess.wgsl?raw';
import cosines from './kernels/cosines.wgsl?raw';
import cutTile from './kernels/cut_tile.wgsl?raw';
import dpmSolverStep from './kernels/dpm_solver_step.wgsl?raw';
import frameFromDecoded from './kernels/frame_from_decoded.wgsl?raw';
import gaussianNoise from './kernels/gaussian_noise.wgsl?raw';
import latentPreview from './kernels/latent_preview.wgsl?raw';
import lerp from './kernels/lerp.wgsl?raw';
import modelInput from './kernels/model_input.wgsl?raw';
import type { ParamSchema } from './params.ts';

/** A compute shader. */
export interface Kernel<S extends ParamSchema = ParamSchema> {
  /** WGSL, in which `model_t` stands for the networks' number type, and `params` for the uniforms. */
  readonly source: string;
  /** Uniforms, from which the WGSL struct `Params` and the type of a dispatch's parameters are derived. */
  readonly params: S;
}

function kernel<const S extends ParamSchema>(source: string, params: S): Kernel<S> {
  return { source, params };
}

/** All kernels, by name. */
export const kernels = {
  blend_tile: kernel(blendTile, {
    /** Offset of the tile, length of a fade, start of the fade in, start of the fade out; pixels of the picture. */
    rows: 'vec4f',
    columns: 'vec4f',
    /** Elements of the tile. */
    count: 'u32',
    tile_height: 'u32',
    tile_width: 'u32',
    height: 'u32',
    width: 'u32',
  }),
  clip_guidance: kernel(clipGuidance, {
    /** Length of an embedding. */
    length: 'u32',
    positives: 'u32',
    negatives: 'u32',
    repeats: 'u32',
    positive_scale: 'f32',
    negative_scale: 'f32',
  }),
  clip_preprocess: kernel(clipPreprocess, {
    mean: 'vec4f',
    deviation: 'vec4f',
    /** Width and height of the picture. */
    source: 'vec2i',
    /** Side of the result. */
    size: 'i32',
  }),
  cosines: kernel(cosines, {
    /** Rows of `a`. */
    rows: 'u32',
    /** Rows of `b`. */
    columns: 'u32',
    length: 'u32',
  }),
  cut_tile: kernel(cutTile, {
    /** Elements of the tile. */
    count: 'u32',
    tile_height: 'u32',
    tile_width: 'u32',
    height: 'u32',
    width: 'u32',
    /** Position of the tile in the latents. */
    top: 'u32',
    left: 'u32',
  }),
  dpm_solver_step: kernel(dpmSolverStep, {
    /** Elements of the latents. */
    count: 'u32',
    /** 0: none; 1: unconditional rows, then conditional ones; 2: conditional rows and a cached difference. */
    guidance: 'u32',
    guidance_scale: 'f32',
    x0_from_sample: 'f32',
    x0_from_output: 'f32',
    sample_weight: 'f32',
    x0_weight: 'f32',
    previous_weight: 'f32',
  }),
  frame_from_decoded: kernel(frameFromDecoded, {
    /** Pixels of all frames. */
    pixels: 'u32',
    /** Pixels of one frame. */
    area: 'u32',
  }),
  gaussian_noise: kernel(gaussianNoise, {
    /** Groups of four numbers in the row. */
    blocks: 'u32',
    /** Offset of the row in `out`. */
    offset: 'u32',
    seed: 'u32',
    frame: 'u32',
    variant: 'u32',
  }),
  latent_preview: kernel(latentPreview, {
    channels: 'u32',
    /** Pixels of all pictures. */
    pixels: 'u32',
    /** Pixels of one picture. */
    area: 'u32',
    /** Red, green and blue of each latent channel, then the bias. */
    factors: { vec4fs: mostLatentChannels + 1 },
  }),
  lerp: kernel(lerp, {
    count: 'u32',
    /** Offset of the row in `out`. */
    offset: 'u32',
    weight_a: 'f32',
    weight_b: 'f32',
  }),
  model_input: kernel(modelInput, {
    /** Elements of the latents. */
    count: 'u32',
  }),
};

export type KernelName = keyof typeof kernels;
/** The uniforms of a kernel. */
export type KernelParams<N extends KernelName> = (typeof kernels)[N]['params'];
