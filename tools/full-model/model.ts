import type { ByteSource } from '../../src/models/types.ts';
import { utf8 } from '../../tests/support/bytes.ts';
import type { Parameters } from '../../tests/support/reference/parameters.ts';
import { referenceUnet } from '../../tests/support/reference/unet.ts';
import type { UnetJson } from '../../tests/support/reference/unet.ts';
import { referenceVae } from '../../tests/support/reference/vae.ts';
import type { VaeJson } from '../../tests/support/reference/vae.ts';
import { stableDiffusionUnet, stableDiffusionVae } from '../../tests/support/stable-diffusion.ts';
import { assemble } from './assemble.ts';
import { textTower, visionTower } from './clip.ts';
import type { ClipShape } from './clip.ts';
import { initialTensor } from './initial.ts';
import { safetensors } from './safetensors.ts';
import { clipTokenizer } from './tokenizer.ts';
import { torchFile } from './torch.ts';
import type { RandomTensor } from './values.ts';

/** Hub ids of the repositories that contain the model's parts. */
export const diffusionRepository = 'lambdalabs/sd-image-variations-diffusers';
export const clipRepository = 'Xenova/clip-vit-large-patch14';
/** Commit that adds safetensors; every other revision has only PyTorch files. */
export const safetensorsCommit = '17e2bedc1469eab4446e3e2c0219b9e868bf0473';

export const sizes = ['full', 'small'] as const;
export const formats = ['safetensors', 'bin', 'both'] as const;
export type ModelSize = (typeof sizes)[number];
export type WeightFormat = (typeof formats)[number];

interface Shapes {
  readonly unet: UnetJson;
  readonly vae: VaeJson;
  readonly clip: ClipShape;
}

/** Configurations by model size. */
export const modelShapes: Record<ModelSize, Shapes> = {
  full: {
    unet: stableDiffusionUnet,
    vae: stableDiffusionVae,
    // ViT-L/14.
    clip: {
      projection: 768,
      vision: { width: 1024, layers: 24, heads: 16, size: 224, patch: 14 },
      text: { width: 768, layers: 12, heads: 12, tokens: 77, vocabulary: 49408 },
    },
  },
  small: {
    unet: {
      ...stableDiffusionUnet,
      attention_head_dim: 2,
      block_out_channels: [4, 4, 8, 8],
      cross_attention_dim: 16,
      norm_num_groups: 2,
    },
    vae: { ...stableDiffusionVae, block_out_channels: [4, 4, 8, 8], norm_num_groups: 2 },
    clip: {
      projection: 16,
      vision: { width: 16, layers: 2, heads: 2, size: 224, patch: 14 },
      text: { width: 16, layers: 2, heads: 2, tokens: 77, vocabulary: 1024 },
    },
  },
};

const scheduler = {
  _class_name: 'PNDMScheduler',
  _diffusers_version: '0.6.0.dev0',
  beta_end: 0.012,
  beta_schedule: 'scaled_linear',
  beta_start: 0.00085,
  clip_sample: false,
  num_train_timesteps: 1000,
  set_alpha_to_one: false,
  skip_prk_steps: true,
  steps_offset: 1,
  trained_betas: null,
};

const pipeline = {
  _class_name: 'StableDiffusionImageVariationPipeline',
  _diffusers_version: '0.6.0.dev0',
  feature_extractor: ['transformers', 'CLIPImageProcessor'],
  image_encoder: ['transformers', 'CLIPVisionModelWithProjection'],
  safety_checker: ['stable_diffusion', 'StableDiffusionSafetyChecker'],
  scheduler: ['diffusers', 'PNDMScheduler'],
  unet: ['diffusers', 'UNet2DConditionModel'],
  vae: ['diffusers', 'AutoencoderKL'],
};

const imageProcessor = {
  crop_size: 224,
  do_center_crop: true,
  do_convert_rgb: true,
  do_normalize: true,
  do_resize: true,
  feature_extractor_type: 'CLIPFeatureExtractor',
  image_mean: [0.48145466, 0.4578275, 0.40821073],
  image_std: [0.26862954, 0.26130258, 0.27577711],
  resample: 3,
  size: 224,
};

const card = '---\nlicense: creativeml-openrail-m\n---\n\nRandom values in the shapes of the real model.\n';

const randomTensors = ({ shapes: dims }: Parameters): RandomTensor[] =>
  [...dims].map(([name, shape]) => initialTensor(name, shape));

/** Tensors of the model's UNet. */
export const unetTensors = (size: ModelSize): RandomTensor[] =>
  randomTensors(referenceUnet(modelShapes[size].unet).parameters);

/** Tensors of its autoencoder, including the encoder; attention layers have the names used before diffusers 0.12. */
export const vaeTensors = (size: ModelSize): RandomTensor[] =>
  randomTensors(referenceVae(modelShapes[size].vae, true).parameters);

/**
 * Files of Stable Diffusion image variations with random values, by `owner/name/path`. Names, shapes, types and formats
 * are those of the real model. Contents are generated on demand and are deterministic. Files that Drift does not use
 * (safety checker, PyTorch image encoder) exist with a few bytes of weights.
 *
 * @param size - `small` has few channels and a short vocabulary, below 2 MB in total
 */
export function imageVariations(size: ModelSize, format: WeightFormat = 'both'): Map<string, ByteSource> {
  const { unet, vae, clip } = modelShapes[size];
  const files = new Map<string, ByteSource>();
  const add = (repository: string, path: string, source: ByteSource) => {
    files.set(`${repository}/${path}`, source);
  };
  const text = (repository: string, path: string, content: string) => {
    add(repository, path, assemble(path, [utf8(content)]));
  };
  const json = (repository: string, path: string, content: unknown) => {
    text(repository, path, `${JSON.stringify(content, null, 2)}\n`);
  };
  const weights = (folder: string, name: string, torchName: string, tensors: readonly RandomTensor[]) => {
    const [safetensorsPath, torchPath] = [`${folder}/${name}.safetensors`, `${folder}/${torchName}.bin`];
    if (format !== 'bin') add(diffusionRepository, safetensorsPath, safetensors(safetensorsPath, tensors));
    if (format !== 'safetensors') add(diffusionRepository, torchPath, torchFile(torchPath, tensors));
  };

  text(diffusionRepository, 'README.md', card);
  json(diffusionRepository, 'model_index.json', pipeline);
  json(diffusionRepository, 'scheduler/scheduler_config.json', scheduler);
  json(diffusionRepository, 'unet/config.json', unet);
  weights('unet', 'diffusion_pytorch_model', 'diffusion_pytorch_model', unetTensors(size));
  json(diffusionRepository, 'vae/config.json', vae);
  weights('vae', 'diffusion_pytorch_model', 'diffusion_pytorch_model', vaeTensors(size));
  json(diffusionRepository, 'feature_extractor/preprocessor_config.json', imageProcessor);
  json(diffusionRepository, 'image_encoder/config.json', {
    architectures: ['CLIPVisionModelWithProjection'],
  });
  weights('image_encoder', 'model', 'pytorch_model', [
    initialTensor('visual_projection.weight', [clip.projection, 1]),
  ]);
  json(diffusionRepository, 'safety_checker/config.json', {
    architectures: ['StableDiffusionSafetyChecker'],
  });
  weights('safety_checker', 'model', 'pytorch_model', [initialTensor('concept_embeds', [17, 1])]);

  const tokenizer = clipTokenizer(clip.text.vocabulary);
  json(clipRepository, 'config.json', {
    architectures: ['CLIPModel'],
    model_type: 'clip',
    projection_dim: clip.projection,
  });
  json(clipRepository, 'preprocessor_config.json', imageProcessor);
  text(clipRepository, 'tokenizer.json', JSON.stringify(tokenizer.file));
  json(clipRepository, 'tokenizer_config.json', tokenizer.config);
  const [vision, words] = ['onnx/vision_model_fp16.onnx', 'onnx/text_model_fp16.onnx'] as const;
  add(clipRepository, vision, visionTower(vision, clip));
  add(clipRepository, words, textTower(words, clip));
  return files;
}
