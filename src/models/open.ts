import { ModelError, allOrNone } from '../base/index.ts';
import type { OnnxModel } from '../runtime/index.ts';
import { isShardIndex, openCheckpoint } from './checkpoint/index.ts';
import { checkLatents, parseSchedulerConfig, parseUnetConfig, parseVaeConfig } from './config/index.ts';
import { download, downloadJson } from './http.ts';
import { parseJson } from './json.ts';
import { addressBeside, parseManifest } from './manifest.ts';
import type { Manifest } from './manifest.ts';
import type { ModelParts, Target } from './model.ts';
import { joinedSource, openShards } from './shards.ts';
import { memorySource } from './source.ts';
import { openOnnx } from './onnx/index.ts';
import { openTokenizer } from './tokenizer.ts';
import type { Tokenize } from './tokenizer.ts';
import type { ByteSource, Checkpoint } from './types.ts';

/** A model's pre-encoded prompts: unit rows of `width` numbers, positives first. */
export interface FixedPrompts {
  readonly positive: readonly string[];
  readonly negative: readonly string[];
  readonly width: number;
  readonly embeds: Float32Array<ArrayBuffer>;
}

export interface OpenedModel {
  readonly manifest: Manifest;
  readonly parts: ModelParts;
  readonly fixedPrompts: FixedPrompts | null;
  /** Null for a model without a text tower. */
  readonly text: TextTower | null;
}

/** CLIP text tower with tokenizer, loaded on demand and not kept. */
export interface TextTower {
  /** Required length of prompt embeddings for this model's UNet. */
  readonly width: number;
  /** @param type Number type of the device; float16 weights are converted to float32. */
  model(signal?: AbortSignal, type?: Target['type']): Promise<OnnxModel>;
  tokenizer(signal?: AbortSignal): Promise<Tokenize>;
}

export interface OpenOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called with the part being fetched, and bytes. */
  readonly onDownload?: (part: string, done: number, of: number) => void;
}

/** Read access to a model's files by their paths in the manifest. */
export interface ModelFolder {
  /**
   * Opens a file.
   *
   * @param onProgress Called as bytes arrive, if the file is fetched.
   * @throws ModelError `not-found`, among others
   */
  open(
    path: string,
    signal: AbortSignal | undefined,
    onProgress?: (done: number, of: number) => void,
  ): Promise<ByteSource>;
}

/**
 * Opens a model by its manifest: configurations, weights and image encoder, validated but not compiled. Parts are fetched
 * concurrently; the first failure aborts the others.
 *
 * @param url Absolute URL of `model.json`; its paths are relative to it.
 * @throws ModelError or CheckpointError about the offending part, or the signal's reason
 */
export async function openModel(url: string, options: OpenOptions = {}): Promise<OpenedModel> {
  const manifest = parseManifest(url, await downloadJson(url, { signal: options.signal }));
  return openParts(servedFolder(url), manifest, options);
}

/** Opens the parts named in a manifest from any folder. */
export async function openParts(
  folder: ModelFolder,
  manifest: Manifest,
  options: OpenOptions = {},
): Promise<OpenedModel> {
  return allOrNone(options.signal, (signal) => readParts(folder, manifest, { ...options, signal }));
}

/** Files next to a manifest on a web server, downloaded whole into memory. */
function servedFolder(url: string): ModelFolder {
  return {
    // `async`, so that an invalid path rejects instead of throwing before the others are awaited.
    open: async (path, signal, onProgress) =>
      memorySource(path, await download(addressBeside(url, path), { signal, onProgress })),
  };
}

async function readParts(
  folder: ModelFolder,
  manifest: Manifest,
  { signal, onDownload }: OpenOptions,
): Promise<OpenedModel> {
  const open = (part: string, path: string) =>
    folder.open(path, signal, (done, of) => onDownload?.(part, done, of));
  const json = (path: string) => readJsonIn(folder, path, signal);

  const weights = async (part: string, path: string): Promise<ByteSource> => {
    const file = await open(part, path);
    if (!isShardIndex(path)) return file;
    const index = parseJson(path, await file.read(0, file.size, signal));
    const beside = path.slice(0, path.lastIndexOf('/') + 1);
    const shards = await openShards(path, index, (name) => open(part, beside + name), signal);
    return joinedSource(path, shards, signal);
  };
  const checkpoint = async (part: string, paths: readonly string[]): Promise<Checkpoint> => {
    for (const [index, path] of paths.entries()) {
      try {
        return await openCheckpoint(await weights(part, path), signal);
      } catch (error) {
        // Only a missing file falls back to the next; a damaged one is reported.
        if (!(error instanceof ModelError && error.code === 'not-found') || index === paths.length - 1) {
          throw error;
        }
      }
    }
    throw new RangeError('a manifest names at least one weight file');
  };

  const { unet, vae, imageEncoder, fixedPrompts, textEncoder } = manifest;
  const [unetConfig, unetWeights, vaeConfig, vaeWeights, scheduler, graph, prompts] = await Promise.all([
    json(unet.config).then((config) => parseUnetConfig(unet.config, config)),
    checkpoint('UNet', unet.weights),
    json(vae.config).then((config) => parseVaeConfig(vae.config, config)),
    checkpoint('decoder', vae.weights),
    json(manifest.scheduler).then((config) => parseSchedulerConfig(manifest.scheduler, config)),
    open('image encoder', imageEncoder.model),
    fixedPrompts ? open('prompts', fixedPrompts.embeds) : null,
  ]);
  checkLatents(unetConfig, vaeConfig);
  return {
    manifest,
    parts: {
      unet: { config: unetConfig, checkpoint: unetWeights },
      vae: { config: vaeConfig, checkpoint: vaeWeights },
      scheduler,
      imageEncoder: {
        model: (stop, type) => openOnnx(graph, { signal: stop, type }),
        size: imageEncoder.size,
      },
      previewFactors: manifest.previewFactors,
    },
    fixedPrompts:
      fixedPrompts && prompts
        ? await readFixedPrompts(fixedPrompts, prompts, unetConfig.embeddingWidth)
        : null,
    text: textEncoder ? textTower(textEncoder, folder, unetConfig.embeddingWidth) : null,
  };
}

async function readJsonIn(
  folder: ModelFolder,
  path: string,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  const file = await folder.open(path, signal);
  return parseJson(file.name, await file.read(0, file.size, signal));
}

function textTower(
  { model, tokenizer, tokenizerConfig, maxTokens }: NonNullable<Manifest['textEncoder']>,
  folder: ModelFolder,
  width: number,
): TextTower {
  return {
    width,
    model: async (stop, type) => openOnnx(await folder.open(model, stop), { signal: stop, type }),
    tokenizer: async (signal) =>
      openTokenizer(
        await readJsonIn(folder, tokenizer, signal),
        await readJsonIn(folder, tokenizerConfig, signal),
        maxTokens,
      ),
  };
}

async function readFixedPrompts(
  prompts: NonNullable<Manifest['fixedPrompts']>,
  file: ByteSource,
  width: number,
): Promise<FixedPrompts> {
  const { positive, negative, embeds: path } = prompts;
  const checkpoint = await openCheckpoint(file);
  const rows = async (name: string, count: number): Promise<Float32Array> => {
    if (count === 0) return new Float32Array(0);
    const dims = checkpoint.tensors.get(name)?.dims.join(', ') ?? 'missing';
    if (dims !== `${count}, ${width}`) {
      throw new ModelError('prompts-invalid', `${path}: "${name}" is [${dims}] for ${count} prompts.`, {
        remedy:
          'The manifest and its prompt embeddings do not belong together. Get both from the same place again.',
        details: { file: path, tensor: name, found: dims, expected: `${count}, ${width}` },
      });
    }
    return checkpoint.read(name);
  };
  const parts = [await rows('positive', positive.length), await rows('negative', negative.length)];
  const embeds = new Float32Array((positive.length + negative.length) * width);
  embeds.set(parts[0] ?? [], 0);
  embeds.set(parts[1] ?? [], positive.length * width);
  return { positive, negative, width, embeds };
}
