import type { ModelSource } from '../../../src/models/install/index.ts';
import { tinyModelFiles } from '../tiny-model.ts';
import { FakeWeb } from './web.ts';

export const base = 'https://hub.test/';

const modelFiles = tinyModelFiles();

/** A fake web that serves the tiny model, and its source. */
export function tinyWeb(): { web: FakeWeb; source: ModelSource } {
  const web = new FakeWeb();
  for (const [path, bytes] of modelFiles) web.put(`${base}tiny/${path}`, bytes);
  return { web, source: tinySource() };
}

/** Source of the tiny model with relative addresses. */
export function tinySource(): ModelSource {
  return {
    id: 'tiny',
    name: 'Tiny',
    description: '',
    licence: 'CC0-1.0',
    licenceUrl: 'https://creativecommons.org/publicdomain/zero/1.0/',
    size: 64,
    unet: { config: ['tiny/unet/config.json'], weights: ['tiny/unet/weights.safetensors'] },
    vae: { config: ['tiny/vae/config.json'], weights: ['tiny/vae/weights.safetensors'] },
    scheduler: ['tiny/scheduler.json'],
    imageEncoder: { model: ['tiny/clip/image.onnx'], size: 8 },
    fixedPrompts: { positive: ['up', 'higher'], negative: ['down'], embeds: ['tiny/prompts.safetensors'] },
    defaults: { steps: 7 },
  };
}
