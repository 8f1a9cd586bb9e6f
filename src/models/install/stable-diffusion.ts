import { hubBase } from './source.ts';
import type { ModelSource } from './source.ts';

const repository = 'lambdalabs/sd-image-variations-diffusers';
/** The hub's own conversion to safetensors, never merged into `main`; pinned by commit. */
const pinned = `${repository}/resolve/17e2bedc1469eab4446e3e2c0219b9e868bf0473`;
/** The same weights in PyTorch's format. */
const released = `${repository}/resolve/v2.0`;
/** CLIP ViT-L/14; the fine-tune did not change its image tower. */
const clip = 'Xenova/clip-vit-large-patch14/resolve/main';

/** Stable Diffusion image variations, as used by the original program. */
export const stableDiffusionVariations: ModelSource = {
  id: 'sd-image-variations',
  name: 'Stable Diffusion image variations',
  description:
    'Stable Diffusion 1.x, fine-tuned by Lambda Labs to make variants of a picture. It draws nearly anything, at 512×512 pixels.',
  licence: 'CreativeML OpenRAIL-M',
  licenceUrl: 'https://huggingface.co/spaces/CompVis/stable-diffusion-license',
  page: `${hubBase}${repository}`,
  origin: { kind: 'full' },
  size: 512,
  unet: {
    config: [`${pinned}/unet/config.json`, `${released}/unet/config.json`],
    weights: [
      `${pinned}/unet/diffusion_pytorch_model.safetensors`,
      `${released}/unet/diffusion_pytorch_model.bin`,
    ],
  },
  vae: {
    config: [`${pinned}/vae/config.json`, `${released}/vae/config.json`],
    weights: [
      `${pinned}/vae/diffusion_pytorch_model.safetensors`,
      `${released}/vae/diffusion_pytorch_model.bin`,
    ],
  },
  scheduler: [`${pinned}/scheduler/scheduler_config.json`, `${released}/scheduler/scheduler_config.json`],
  imageEncoder: { model: [`${clip}/onnx/vision_model_fp16.onnx`], size: 224 },
  textEncoder: {
    model: [`${clip}/onnx/text_model_fp16.onnx`],
    tokenizer: [`${clip}/tokenizer.json`],
    tokenizerConfig: [`${clip}/tokenizer_config.json`],
    maxTokens: 77,
  },
  defaults: {},
};
