/** What the page and its workers say to each other, with the times at which they say it. */
import type { BrowserContext, Page } from '@playwright/test';
import * as v from 'valibot';
import { diffusionApi, modelsApi } from '../../src/protocol/index.ts';
import type { LoadEvent } from '../../src/protocol/index.ts';
import { requestSchema, responseSchema } from '../../src/protocol/messages.ts';

interface Overheard {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly worker: string;
  readonly from: 'page' | 'worker';
  readonly text: string;
}

declare global {
  interface Window {
    overheard: Overheard[];
  }
}

const generateEventSchema = v.object({
  kind: v.string(),
  message: v.optional(v.string()),
  progress: v.optional(v.object({ stage: v.string(), step: v.number(), of: v.number() })),
});

/** What happened to a call that Drift's page made to a worker. */
export type Heard = { readonly at: number } & (
  | { readonly kind: 'called' | 'result'; readonly method: string }
  | { readonly kind: 'error'; readonly method: string; readonly message: string }
  | { readonly kind: 'get'; readonly event: v.InferOutput<typeof modelsApi.get.event> }
  | { readonly kind: 'load'; readonly event: LoadEvent }
  | { readonly kind: 'generate'; readonly event: v.InferOutput<typeof generateEventSchema> }
);

/** Has every page of a browser that is opened from now on keep what its workers say. */
export async function listenIn(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => {
    window.overheard = [];
    const keep = (worker: string, from: 'page' | 'worker', message: unknown) => {
      // Pictures and files are left out.
      const text = JSON.stringify(message, (_, value: unknown) =>
        ArrayBuffer.isView(value) || value instanceof Blob ? null : value,
      );
      window.overheard.push({ at: performance.timeOrigin + performance.now(), worker, from, text });
    };
    window.Worker = class extends Worker {
      readonly #name: string;
      constructor(url: string | URL, options?: WorkerOptions) {
        super(url, options);
        this.#name = options?.name ?? '';
        if (this.#name !== 'models' && this.#name !== 'diffusion') return;
        this.addEventListener('message', ({ data }) => {
          keep(this.#name, 'worker', data);
        });
      }
      override postMessage(message: unknown, transfer: Transferable[] | StructuredSerializeOptions = []) {
        if (this.#name === 'models' || this.#name === 'diffusion') keep(this.#name, 'page', message);
        if (Array.isArray(transfer)) super.postMessage(message, transfer);
        else super.postMessage(message, transfer);
      }
    };
  });
}

/** Makes sense of what was overheard on one page. */
export class Listener {
  readonly heard: Heard[] = [];
  /** Methods of the calls under way, by worker and number. */
  readonly #methods = new Map<string, string>();

  /** Takes what the page has heard since it was last asked. */
  async collect(page: Page): Promise<void> {
    const overheard = await page.evaluate(() => window.overheard.splice(0));
    for (const each of overheard) this.#take(each);
  }

  #take({ at, worker, from, text }: Overheard): void {
    const message: unknown = JSON.parse(text);
    if (from === 'page') {
      const request = v.parse(requestSchema, message);
      if (request.kind !== 'call') return;
      this.#methods.set(`${worker} ${request.id}`, request.method);
      this.heard.push({ at, kind: 'called', method: request.method });
      return;
    }
    const response = v.parse(responseSchema, message);
    if (response.kind === 'unreadable') {
      this.heard.push({ at, kind: 'error', method: '', message: 'A message could not be deserialised.' });
      return;
    }
    const method = this.#methods.get(`${worker} ${response.id}`) ?? '';
    if (response.kind === 'result') {
      this.heard.push({ at, kind: 'result', method });
    } else if (response.kind === 'error') {
      // Stopping is no failure.
      if (response.error.name === 'AbortError') return;
      this.heard.push({ at, kind: 'error', method, message: response.error.message });
    } else if (method === 'get') {
      this.heard.push({ at, kind: 'get', event: v.parse(modelsApi.get.event, response.event) });
    } else if (method === 'load') {
      const event = v.parse(diffusionApi.load.event, response.event);
      if ('stage' in event) this.heard.push({ at, kind: 'load', event });
    } else if (method === 'generate') {
      this.heard.push({ at, kind: 'generate', event: v.parse(generateEventSchema, response.event) });
    }
  }
}
