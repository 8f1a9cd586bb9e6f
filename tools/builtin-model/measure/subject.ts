import { automatic, smooth } from '../../../src/animation/index.ts';
import type { GeneratedFrame } from '../../../src/animation/index.ts';
import { DeviceError, ModelError } from '../../../src/base/index.ts';
import type { Picture } from '../../../src/base/index.ts';
import { Pipeline, Scope, encodePrompts } from '../../../src/diffusion/index.ts';
import { createModel, openModel } from '../../../src/models/index.ts';
import type { OpenedModel } from '../../../src/models/index.ts';
import { defaultSettings, overlaySettings, planSmooth, usableSettings } from '../../../src/project/index.ts';
import type { Settings } from '../../../src/project/index.ts';
import { PromptCache } from '../../../workers/prompts.ts';
import { openNodeBackend } from '../../node-runtime.ts';
import type { NodeBackend } from '../../node-runtime.ts';
import { serveFolder } from './serve.ts';
import type { ServedFolder } from './serve.ts';
import { toUnit } from './statistics.ts';

/** Batch size of the text encoder. */
const promptsAtOnce = 64;

/**
 * The model under measurement, opened as in the page, on one device. All work stops when the signal passed to `open` is
 * aborted.
 */
export class Subject {
  /** The page's initial settings: the model's defaults over the program's. */
  readonly settings: Settings;
  readonly model: OpenedModel;
  /** Folder of its files. */
  readonly folder: string;
  readonly backend: NodeBackend;
  readonly pipeline: Pipeline;
  readonly signal: AbortSignal;
  /** Serves the text tower, which is fetched when texts are encoded. */
  readonly #server: ServedFolder;
  readonly #prompts: PromptCache;
  readonly #texts = new Map<string, Float32Array>();

  private constructor(
    folder: string,
    model: OpenedModel,
    backend: NodeBackend,
    server: ServedFolder,
    signal: AbortSignal,
  ) {
    this.folder = folder;
    this.model = model;
    this.backend = backend;
    this.#server = server;
    this.signal = signal;
    const { size, defaults } = model.manifest;
    this.settings = overlaySettings(defaultSettings, {
      width: size,
      height: size,
      ...usableSettings(defaults),
    });
    this.pipeline = new Pipeline(backend.compute, backend.runtime, createModel(model.parts, backend.target));
    this.#prompts = new PromptCache(model.fixedPrompts, model.text, backend);
  }

  /**
   * Opens the model with a manifest in `folder`, and loads its networks.
   *
   * @throws DeviceError `no-gpu`, the errors of opening and compiling a model, or the signal's reason
   */
  static async open(folder: string, kind: 'webgpu' | 'cpu', signal: AbortSignal): Promise<Subject> {
    const server = await serveFolder(folder);
    let subject: Subject | null = null;
    try {
      const model = await openModel(`${server.url}model.json`, { signal });
      const backend = await openNodeBackend(kind);
      if ('reason' in backend) {
        throw new DeviceError('no-gpu', `The GPU cannot be used here: ${backend.reason}.`, {
          remedy: 'Measure with --backend cpu.',
        });
      }
      subject = new Subject(folder, model, backend, server, signal);
      await subject.pipeline.prepare(subject.settings.width, subject.settings.height, { signal });
      return subject;
    } catch (error) {
      await (subject ?? server).close();
      throw error;
    }
  }

  /** Image embedding of a picture, as a unit vector. */
  async embed(picture: Picture): Promise<Float32Array> {
    const { compute } = this.backend;
    const scope = new Scope();
    try {
      const input = scope.own(compute.uploadPicture(picture));
      const embeds = scope.own(await this.pipeline.encode(input, this.signal));
      const [values] = await compute.read([embeds], this.signal);
      return toUnit(Float32Array.from(values ?? []));
    } finally {
      scope.dispose();
    }
  }

  /**
   * Text embeddings as unit vectors, by the model's text tower.
   *
   * @throws ModelError `no-text-tower`
   */
  async embedTexts(texts: readonly string[]): Promise<Float32Array[]> {
    const { text: tower, manifest } = this.model;
    if (!tower) {
      throw new ModelError('no-text-tower', `${manifest.name} cannot read prompts.`, {
        remedy: 'Leave measures of texts out with --only.',
      });
    }
    const { compute, runtime } = this.backend;
    const missing = [...new Set(texts.filter((text) => !this.#texts.has(text)))];
    for (let begin = 0; begin < missing.length; begin += promptsAtOnce) {
      const batch = missing.slice(begin, begin + promptsAtOnce);
      const { width, embeds } = await encodePrompts(batch, tower, compute, runtime, this.signal);
      for (const [row, text] of batch.entries()) {
        this.#texts.set(text, embeds.slice(row * width, (row + 1) * width));
      }
    }
    return texts.map((text) => this.#texts.get(text) ?? new Float32Array());
  }

  /** Automatic mode from a picture, with the model's default settings and `changes`. */
  async *frames(start: Picture, changes: Partial<Settings>): AsyncGenerator<GeneratedFrame, void, undefined> {
    const settings: Settings = { ...this.settings, ...changes, mode: 'automatic' };
    const prompts = await this.#prompts.embeds(settings, this.signal);
    try {
      const input = { start, firstFrame: 0, settings, prompts };
      yield* automatic(this.pipeline, input, { signal: this.signal });
    } finally {
      prompts.text?.dispose();
    }
  }

  /** Smooth mode from a picture: its first variant, then `frames` segments. */
  async *smooth(start: Picture, changes: Partial<Settings>): AsyncGenerator<GeneratedFrame, void, undefined> {
    const settings: Settings = { ...this.settings, ...changes, mode: 'smooth' };
    const prompts = await this.#prompts.embeds(settings, this.signal);
    try {
      const input = {
        plan: planSmooth(start, [], settings),
        last: start,
        settings,
        prompts,
        // Used only when an animation continues from earlier frames.
        promptsOf: () => Promise.resolve(prompts),
      };
      yield* smooth(this.pipeline, input, { signal: this.signal });
    } finally {
      prompts.text?.dispose();
    }
  }

  /** First frame of automatic mode from a picture. */
  async variant(start: Picture, changes: Partial<Settings>): Promise<GeneratedFrame> {
    for await (const frame of this.frames(start, { ...changes, frames: 1 })) return frame;
    throw new RangeError('a run of one frame has one frame');
  }

  async close(): Promise<void> {
    await this.pipeline.release();
    this.backend.dispose();
    await this.#server.close();
  }
}
