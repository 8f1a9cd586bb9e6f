import type { Manifest } from '../manifest.ts';
import type { ModelSource } from './source.ts';

/** Paths of an installed model's files in its folder. */
export const layout = {
  manifest: 'model.json',
  unet: { config: 'unet/config.json', weights: 'unet/diffusion_pytorch_model.safetensors' },
  vae: { config: 'vae/config.json', weights: 'vae/diffusion_pytorch_model.safetensors' },
  scheduler: 'scheduler/scheduler_config.json',
  imageEncoder: 'image_encoder/model.onnx',
  textEncoder: {
    model: 'text_encoder/model.onnx',
    tokenizer: 'tokenizer/tokenizer.json',
    tokenizerConfig: 'tokenizer/tokenizer_config.json',
  },
  fixedPrompts: 'prompts.safetensors',
} as const;

/** Manifest of an installed model, as JSON text. */
export function manifestOf(source: ModelSource): string {
  const { name, description, licence, licenceUrl, size, imageEncoder, textEncoder, fixedPrompts } = source;
  const { previewFactors, defaults } = source;
  const manifest: Manifest = {
    drift: 1,
    name,
    description,
    licence,
    licenceUrl,
    size,
    unet: { config: layout.unet.config, weights: [layout.unet.weights] },
    vae: { config: layout.vae.config, weights: [layout.vae.weights] },
    scheduler: layout.scheduler,
    imageEncoder: { model: layout.imageEncoder, size: imageEncoder.size },
    fixedPrompts: fixedPrompts && { ...fixedPrompts, embeds: layout.fixedPrompts },
    textEncoder: textEncoder && { ...layout.textEncoder, maxTokens: textEncoder.maxTokens },
    previewFactors,
    defaults,
  };
  return `${JSON.stringify(manifest, null, 2)}\n`;
}
