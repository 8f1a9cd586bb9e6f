import { ModelError } from '../../base/index.ts';
import { parseJson } from '../json.ts';
import { addressBeside, parseManifest } from '../manifest.ts';
import type { Manifest } from '../manifest.ts';
import { longestCard, parseModelCard } from './model-card.ts';
import type { CardLicence } from './model-card.ts';
import { openNetwork, readJson } from './network.ts';
import { hubBase, parseModelSource } from './source.ts';
import type { ModelSource } from './source.ts';
import { stableDiffusionVariations } from './stable-diffusion.ts';
import type { LocalFolder, NetworkOptions } from './types.ts';

/**
 * File names of weights in diffusers layout, in order of preference: single files before sharded ones, float32 before
 * float16 (rounded by its publisher), pickles last.
 */
const weightNames = [
  'safetensors',
  'fp16.safetensors',
  'safetensors.index.json',
  'safetensors.index.fp16.json',
  'bin',
  'fp16.bin',
].map((ending) => `diffusion_pytorch_model.${ending}`);
/** Paths of an ONNX image tower in a model in diffusers layout. */
const towerNames = ['image_encoder/model.onnx', 'image_encoder/model_fp16.onnx'];
/** Options for looking up a source on the network. */
type SourceOptions = NetworkOptions & { readonly signal?: AbortSignal | undefined };

const unknownLicence = 'Not known: see where the model comes from';

/**
 * Source of a hub model in diffusers layout. Uses the model's own CLIP towers if it has them as ONNX files, otherwise
 * those of CLIP ViT-L/14, which this family of models is trained with. The licence comes from its README.md.
 *
 * @param repository For example `lambdalabs/sd-image-variations-diffusers`.
 * @throws ModelError `source-invalid` if it is not a valid repository name, or `network`
 */
export async function hubSource(repository: string, options: SourceOptions = {}): Promise<ModelSource> {
  if (!/^[\w.-]+\/[\w.-]+$/.test(repository)) {
    throw new ModelError('source-invalid', `"${repository}" is not the id of a model on the hub.`, {
      remedy: 'It looks like "owner/name", as on the page of the model.',
      details: { repository },
    });
  }
  const at = (path: string) => `${repository}/resolve/main/${path}`;
  const { imageEncoder, textEncoder } = stableDiffusionVariations;
  const page = new URL(repository, options.base ?? hubBase).href;
  const { name, link } = await cardLicence(at('README.md'), options);
  return parseModelSource({
    ...inDiffusersLayout(at),
    id: idOf(repository),
    name: repository.slice(0, 100),
    licence: name ?? unknownLicence,
    licenceUrl: webAddress(link ?? '', `${page}/blob/main/`) ?? page,
    page,
    origin: { kind: 'hub', repository },
    imageEncoder: { ...imageEncoder, model: [...towerNames.map(at), ...imageEncoder.model] },
    textEncoder,
  });
}

/** Licence in a repository's README.md; nulls if it cannot be read. */
async function cardLicence(address: string, options: SourceOptions): Promise<CardLicence> {
  const { signal } = options;
  try {
    return await openNetwork(options).first([address], signal, async (file) => {
      const bytes = await file.read(0, Math.min(file.size, longestCard), signal);
      return parseModelCard(new TextDecoder().decode(bytes));
    });
  } catch (error) {
    signal?.throwIfAborted();
    // Without a connection, nothing else can be fetched either.
    if (!(error instanceof ModelError) || error.code === 'network') throw error;
    return { name: null, link: null };
  }
}

/** An absolute http(s) URL, or null. */
function webAddress(link: string, base: string): string | null {
  const url = link !== '' && URL.canParse(link, base) ? new URL(link, base) : null;
  return url && ['http:', 'https:'].includes(url.protocol) ? url.href : null;
}

/**
 * Source of a model with a manifest on the web.
 *
 * @throws what `parseManifest` throws, and ModelError `not-found`, `http-failed`, `network` or `not-json`
 */
export async function manifestSource(url: string, options: SourceOptions = {}): Promise<ModelSource> {
  const { signal } = options;
  return openNetwork(options).first([url], signal, async (file) => {
    const manifest = parseManifest(file.name, await readJson(file, signal));
    const id = idOf(new URL('.', file.name).href);
    const source = ofManifest(id, manifest, (path) => addressBeside(file.name, path));
    return { ...source, origin: { kind: 'manifest', url: file.name } };
  });
}

/**
 * Source of a model in a local folder, with a manifest or in diffusers layout. Its addresses are paths in that folder,
 * which must be passed to `planInstall` and `install` as `folder`.
 *
 * @throws ModelError `not-found` for a folder without a model, and what `parseManifest` throws
 */
export async function folderSource(folder: LocalFolder, signal?: AbortSignal): Promise<ModelSource> {
  const manifest = await folder.open('model.json');
  if (manifest) {
    const json = parseJson(manifest.name, await manifest.read(0, manifest.size, signal));
    const source = ofManifest(folderId(folder), parseManifest(manifest.name, json), (path) => path);
    return { ...source, folder: folder.name };
  }
  const has = (path: string) => folder.names.includes(path);
  if (!has('unet/config.json')) {
    throw new ModelError('not-found', `There is no model in the folder ${folder.name}.`, {
      remedy: 'Choose the folder of a model: it has a model.json, or folders called unet and vae.',
      details: { folder: folder.name },
    });
  }
  const { textEncoder, imageEncoder } = stableDiffusionVariations;
  const tokenizer = {
    tokenizer: 'tokenizer/tokenizer.json',
    tokenizerConfig: 'tokenizer/tokenizer_config.json',
  };
  const text = 'text_encoder/model.onnx';
  return parseModelSource({
    ...inDiffusersLayout((path) => path),
    id: folderId(folder),
    folder: folder.name,
    name: folder.name.slice(0, 100),
    licence: unknownLicence,
    imageEncoder: { ...imageEncoder, model: towerNames },
    ...(has(text) &&
      has(tokenizer.tokenizer) && {
        textEncoder: {
          ...textEncoder,
          model: [text],
          tokenizer: [tokenizer.tokenizer],
          tokenizerConfig: [tokenizer.tokenizerConfig],
        },
      }),
  });
}

/** Addresses of a model's files in diffusers layout. */
function inDiffusersLayout(at: (path: string) => string) {
  const checkpoint = (part: string) => ({
    config: [at(`${part}/config.json`)],
    weights: weightNames.map((name) => at(`${part}/${name}`)),
  });
  return {
    size: stableDiffusionVariations.size,
    unet: checkpoint('unet'),
    vae: checkpoint('vae'),
    scheduler: [at('scheduler/scheduler_config.json')],
  };
}

function ofManifest(id: string, manifest: Manifest, at: (path: string) => string): ModelSource {
  const { unet, vae, scheduler, imageEncoder, textEncoder, fixedPrompts } = manifest;
  return parseModelSource({
    ...manifest,
    id,
    unet: { config: [at(unet.config)], weights: unet.weights.map(at) },
    vae: { config: [at(vae.config)], weights: vae.weights.map(at) },
    scheduler: [at(scheduler)],
    imageEncoder: { ...imageEncoder, model: [at(imageEncoder.model)] },
    ...(fixedPrompts && { fixedPrompts: { ...fixedPrompts, embeds: [at(fixedPrompts.embeds)] } }),
    ...(textEncoder && {
      textEncoder: {
        ...textEncoder,
        model: [at(textEncoder.model)],
        tokenizer: [at(textEncoder.tokenizer)],
        tokenizerConfig: [at(textEncoder.tokenizerConfig)],
      },
    }),
  });
}

/** Prefixed, because a folder may have the name of a model on the web. */
function folderId({ name }: LocalFolder): string {
  return idOf(`folder-${name}`);
}

/** Deterministic, readable folder name from a URL or a name. */
function idOf(name: string): string {
  const readable = name.replace(/^https?:\/\//, '').replace(/[^A-Za-z0-9._-]+/g, '-');
  return (
    readable
      .replace(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, '')
      .slice(-100)
      .replace(/^[^A-Za-z0-9]+/, '') || 'model'
  );
}
