import type { Page } from '@playwright/test';
import * as v from 'valibot';

interface Listening {
  readonly said: { from: string; text: string }[];
  /** A button that is pressed at the first message that holds a text. */
  press: { readonly at: string; readonly button: string } | null;
}

declare global {
  interface Window {
    listening: Listening;
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
 * Listens to what the page and its diffusion worker say to each other: stopping is over when the worker has
 * stopped, and not when the page has stopped listening.
 */
export async function listenIn(page: Page) {
  await page.addInitScript(() => {
    const listening: Listening = { said: [], press: null };
    const keep = (from: string, message: unknown) => {
      // Pictures are left out.
      const text = JSON.stringify(message, (_, value: unknown) => (ArrayBuffer.isView(value) ? null : value));
      listening.said.push({ from, text });
      const { press } = listening;
      if (!press || !text.includes(press.at)) return;
      listening.press = null;
      for (const button of document.querySelectorAll('button')) {
        if ((button.getAttribute('aria-label') ?? button.textContent) === press.button) button.click();
      }
    };
    window.Worker = class extends Worker {
      readonly #isDiffusion: boolean;
      constructor(url: string | URL, options?: WorkerOptions) {
        super(url, options);
        this.#isDiffusion = options?.name === 'diffusion';
        if (!this.#isDiffusion) return;
        this.addEventListener('message', ({ data }) => {
          keep('worker', data);
        });
      }
      override postMessage(message: unknown, transfer: Transferable[] | StructuredSerializeOptions = []) {
        if (this.#isDiffusion) keep('page', message);
        if (Array.isArray(transfer)) super.postMessage(message, transfer);
        else super.postMessage(message, transfer);
      }
    };
    window.listening = listening;
  });
  return {
    /**
     * Has a button pressed when the worker next says something that holds this text, in the same turn: at that moment
     * nothing else is on its way.
     */
    pressAt: (at: string, button: string) =>
      page.evaluate(
        (press) => {
          window.listening.press = press;
        },
        { at, button },
      ),
    said: async () => {
      const said = await page.evaluate(() => window.listening.said);
      return said.map(({ from, text }) => ({ from, message: v.parse(messageSchema, JSON.parse(text)) }));
    },
  };
}
