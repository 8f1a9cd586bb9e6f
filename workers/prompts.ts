import type { PromptEmbeds } from '../src/animation/index.ts';
import type { Compute } from '../src/compute/index.ts';
import { encodePrompts } from '../src/diffusion/index.ts';
import type { FixedPrompts, TextTower } from '../src/models/index.ts';
import { promptList } from '../src/project/index.ts';
import type { Settings } from '../src/project/index.ts';
import type { Runtime } from '../src/runtime/index.ts';

/** Maximum number of cached prompt embeddings, 768 numbers each. */
const mostCached = 500;

/** Compute and runtime for encoding prompts. */
export interface PromptDevice {
  readonly compute: Compute;
  readonly runtime: Runtime;
  /** Called before the large text tower is loaded, to free what can be reloaded. */
  readonly freeMemory?: () => Promise<void>;
}

/** Prompt embeddings of a model: its fixed ones, or encoded on demand and cached. The text tower is loaded only to encode. */
export class PromptCache {
  readonly #fixed: FixedPrompts | null;
  readonly #tower: TextTower | null;
  readonly #cached = new Map<string, Float32Array>();
  readonly #onCut: (prompts: readonly string[]) => void;
  #device: PromptDevice;

  /** @param onCut Called with prompts that were truncated. */
  constructor(
    fixed: FixedPrompts | null,
    tower: TextTower | null,
    device: PromptDevice,
    onCut: (prompts: readonly string[]) => void = () => undefined,
  ) {
    this.#fixed = fixed;
    this.#tower = tower;
    this.#device = device;
    this.#onCut = onCut;
  }

  /** Switches to another device, keeping the cache. */
  moveTo(device: PromptDevice): void {
    this.#device = device;
  }

  /** Embeddings of the prompts in `settings`; the caller disposes `text`. */
  async embeds(settings: Settings, signal: AbortSignal): Promise<PromptEmbeds> {
    const fixed = this.#fixed;
    if (fixed) return this.#upload(fixed.embeds, fixed.width, fixed.positive.length, fixed.negative.length);
    if (!this.#tower) return { text: null, positives: 0, negatives: 0 };

    const positive = promptList(settings.positivePrompts);
    const negative = promptList(settings.negativePrompts);
    const prompts = [...positive, ...negative];
    await this.#encode(prompts, this.#tower, signal);
    const rows = prompts.map((prompt) => this.#cached.get(prompt) ?? new Float32Array());
    const width = rows[0]?.length ?? 0;
    const embeds = new Float32Array(rows.length * width);
    for (const [index, row] of rows.entries()) embeds.set(row, index * width);
    return this.#upload(embeds, width, positive.length, negative.length);
  }

  async #encode(prompts: readonly string[], tower: TextTower, signal: AbortSignal): Promise<void> {
    const missing = [...new Set(prompts.filter((prompt) => !this.#cached.has(prompt)))];
    if (missing.length === 0) return;
    if (this.#cached.size + missing.length > mostCached) this.#cached.clear();
    const wanted = [...new Set(prompts.filter((prompt) => !this.#cached.has(prompt)))];
    const { compute, runtime, freeMemory } = this.#device;
    await freeMemory?.();
    const { width, embeds, cut } = await encodePrompts(wanted, tower, compute, runtime, signal);
    for (const [index, prompt] of wanted.entries()) {
      this.#cached.set(prompt, embeds.slice(index * width, (index + 1) * width));
    }
    if (cut.length > 0) this.#onCut(cut.map((index) => wanted[index] ?? ''));
  }

  #upload(embeds: Float32Array, width: number, positives: number, negatives: number): PromptEmbeds {
    if (positives + negatives === 0) return { text: null, positives, negatives };
    return {
      text: this.#device.compute.upload(embeds, [positives + negatives, width]),
      positives,
      negatives,
    };
  }
}
