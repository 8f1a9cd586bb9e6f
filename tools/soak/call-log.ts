/** Recorder of the calls from the page to its workers, with their times. */
import type { BrowserContext, Page } from '@playwright/test';
import * as v from 'valibot';
import { diffusionApi, modelsApi } from '../../src/protocol/index.ts';
import type { LoadEvent } from '../../src/protocol/index.ts';
import { requestSchema, responseSchema } from '../../src/protocol/messages.ts';

interface RecordedMessage {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly worker: string;
  readonly from: 'page' | 'worker';
  readonly text: string;
}

declare global {
  interface Window {
    recordedMessages: RecordedMessage[];
  }
}

const generateEventSchema = v.object({
  kind: v.string(),
  message: v.optional(v.string()),
  progress: v.optional(v.object({ stage: v.string(), step: v.number(), of: v.number() })),
});

/** Event of a call from the page to a worker. */
export type CallEvent = { readonly at: number } & (
  | { readonly kind: 'called' | 'result'; readonly method: string }
  | { readonly kind: 'error'; readonly method: string; readonly message: string }
  | { readonly kind: 'get'; readonly event: v.InferOutput<typeof modelsApi.get.event> }
  | { readonly kind: 'load'; readonly event: LoadEvent }
  | { readonly kind: 'generate'; readonly event: v.InferOutput<typeof generateEventSchema> }
);

/** Makes every new page of a browser context record the messages of its workers. */
export async function recordCalls(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => {
    window.recordedMessages = [];
    const keep = (worker: string, from: 'page' | 'worker', message: unknown) => {
      // Binary data is omitted.
      const text = JSON.stringify(message, (_, value: unknown) =>
        ArrayBuffer.isView(value) || value instanceof Blob ? null : value,
      );
      window.recordedMessages.push({ at: performance.timeOrigin + performance.now(), worker, from, text });
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

/** Decodes the recorded messages of a page. */
export class CallLog {
  readonly events: CallEvent[] = [];
  /** Methods of pending calls by worker and call id. */
  readonly #methods = new Map<string, string>();

  /** Fetches the messages recorded since the last call. */
  async collect(page: Page): Promise<void> {
    const recorded = await page.evaluate(() => window.recordedMessages.splice(0));
    for (const each of recorded) this.#take(each);
  }

  #take({ at, worker, from, text }: RecordedMessage): void {
    const message: unknown = JSON.parse(text);
    if (from === 'page') {
      const request = v.parse(requestSchema, message);
      if (request.kind !== 'call') return;
      this.#methods.set(`${worker} ${request.id}`, request.method);
      this.events.push({ at, kind: 'called', method: request.method });
      return;
    }
    const response = v.parse(responseSchema, message);
    if (response.kind === 'unreadable') {
      this.events.push({ at, kind: 'error', method: '', message: 'A message could not be deserialised.' });
      return;
    }
    const method = this.#methods.get(`${worker} ${response.id}`) ?? '';
    if (response.kind === 'result') {
      this.events.push({ at, kind: 'result', method });
    } else if (response.kind === 'error') {
      // Aborted calls are not failures.
      if (response.error.name === 'AbortError') return;
      this.events.push({ at, kind: 'error', method, message: response.error.message });
    } else if (method === 'get') {
      this.events.push({ at, kind: 'get', event: v.parse(modelsApi.get.event, response.event) });
    } else if (method === 'load') {
      const event = v.parse(diffusionApi.load.event, response.event);
      if ('stage' in event) this.events.push({ at, kind: 'load', event });
    } else if (method === 'generate') {
      this.events.push({ at, kind: 'generate', event: v.parse(generateEventSchema, response.event) });
    }
  }
}
