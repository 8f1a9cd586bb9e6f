import type { Page } from '@playwright/test';
import * as v from 'valibot';

/** Part of a message: properties that it has, with these values, at any depth. */
type Part = string | number | { readonly [key: string]: Part };

interface Recorder {
  /** Messages as JSON, in order. */
  readonly messages: { from: string; text: string }[];
  /** Button to click at the next message with `part`. */
  click: { readonly part: Part; readonly button: string } | null;
  /** The page gets no message of the worker after the next one with this part. */
  last: Part | null;
}

declare global {
  interface Window {
    recorder: Recorder;
  }
}

const messageSchema = v.object({
  kind: v.string(),
  id: v.number(),
  method: v.optional(v.string()),
  error: v.optional(v.object({ code: v.string() })),
  event: v.optional(
    v.object({
      kind: v.optional(v.string()),
      stepsAhead: v.optional(v.number()),
      progress: v.optional(v.object({ stage: v.string() })),
    }),
  ),
});

/**
 * Records the messages between the page and its diffusion worker; to be called before the page is opened. They show when
 * the worker itself has stopped, which the page does not wait for.
 */
export async function recordMessages(page: Page) {
  await page.addInitScript(() => {
    const recorder: Recorder = { messages: [], click: null, last: null };
    const has = (value: unknown, part: Part): boolean => {
      if (typeof part !== 'object') return value === part;
      if (typeof value !== 'object' || value === null) return false;
      const properties = new Map<string, unknown>(Object.entries(value));
      return Object.entries(part).every(([key, inner]) => has(properties.get(key), inner));
    };
    const record = (from: string, message: unknown): void => {
      // Pixels are omitted.
      const text = JSON.stringify(message, (_, value: unknown) => (ArrayBuffer.isView(value) ? null : value));
      recorder.messages.push({ from, text });
      const { click } = recorder;
      if (!click || !has(message, click.part)) return;
      recorder.click = null;
      for (const button of document.querySelectorAll('button')) {
        if ((button.getAttribute('aria-label') ?? button.textContent) === click.button) button.click();
      }
    };
    window.Worker = class extends Worker {
      readonly #isDiffusion: boolean;
      #isHeld = false;
      constructor(url: string | URL, options?: WorkerOptions) {
        super(url, options);
        this.#isDiffusion = options?.name === 'diffusion';
        if (!this.#isDiffusion) return;
        // The first listener, so that it can keep messages from the page's own.
        this.addEventListener('message', (event) => {
          if (this.#isHeld) {
            event.stopImmediatePropagation();
            return;
          }
          record('worker', event.data);
          this.#isHeld = recorder.last !== null && has(event.data, recorder.last);
        });
      }
      override postMessage(message: unknown, transfer: Transferable[] | StructuredSerializeOptions = []) {
        if (this.#isDiffusion) record('page', message);
        if (Array.isArray(transfer)) super.postMessage(message, transfer);
        else super.postMessage(message, transfer);
      }
    };
    window.recorder = recorder;
  });
  return {
    /**
     * Clicks a button at the next message with `part`, synchronously, so that no other message comes in between.
     *
     * @param button - its label
     */
    clickAt: (part: Part, button: string) =>
      page.evaluate(
        (click) => {
          window.recorder.click = click;
        },
        { part, button },
      ),
    /** Keeps all messages of the worker from the page after the next one with `part`: a run stands still. */
    holdAfter: (part: Part) =>
      page.evaluate((last) => {
        window.recorder.last = last;
      }, part),
    /** All messages so far. */
    messages: async () => {
      const recorded = await page.evaluate(() => window.recorder.messages);
      return recorded.map(({ from, text }) => ({ from, message: v.parse(messageSchema, JSON.parse(text)) }));
    },
  };
}
