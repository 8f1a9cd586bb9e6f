/** A small client of W3C WebDriver: https://www.w3.org/TR/webdriver2/. */
import * as v from 'valibot';

/** A command of WebDriver: what it is called over HTTP, and by Firefox's Marionette. */
interface Command {
  readonly path: (element: string) => string;
  readonly marionette: string;
}

/** The commands that the tests use. */
const commands = {
  navigate: { path: () => 'url', marionette: 'WebDriver:Navigate' },
  refresh: { path: () => 'refresh', marionette: 'WebDriver:Refresh' },
  timeouts: { path: () => 'timeouts', marionette: 'WebDriver:SetTimeouts' },
  script: { path: () => 'execute/async', marionette: 'WebDriver:ExecuteAsyncScript' },
  click: { path: (element) => `element/${element}/click`, marionette: 'WebDriver:ElementClick' },
} satisfies Record<string, Command>;
export type CommandName = keyof typeof commands;

/** Parameters of a command; `id` is the element that it is about. */
export type Parameters = Readonly<Record<string, unknown>> & { readonly id?: string };

/** A session of a browser. Errors of WebDriver reject. */
export interface Session {
  send(command: CommandName, parameters: Parameters): Promise<unknown>;
  /** Ends the session and the browser. */
  close(): Promise<void>;
}

/** What a command is called over HTTP. */
export function pathOf(command: CommandName, { id = '' }: Parameters): string {
  return commands[command].path(id);
}

/** What a command is called by Marionette. */
export function marionetteName(command: CommandName): string {
  return commands[command].marionette;
}

/** Key under which WebDriver gives an element's id. */
const elementKey = 'element-6066-11e4-a52e-4f735466cecf';
const elementSchema = v.object({ [elementKey]: v.string() });
const outcomeSchema = v.union([
  v.object({ value: v.unknown() }),
  v.object({ error: v.pipe(v.string(), v.nonEmpty()) }),
]);

type Argument = string | number | boolean | null;

/** How long `until` waits, in milliseconds: only against what hangs, for instance a model that cannot be loaded. */
const longestWait = 600_000;

/** Drives a page: waits for what a script finds, and clicks as a user would. */
export class PageDriver {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  /** @param limit - how long a script may wait, in milliseconds */
  async begin(limit: number): Promise<void> {
    await this.#session.send('timeouts', { script: limit, pageLoad: limit });
  }

  async goTo(url: string): Promise<void> {
    await this.#session.send('navigate', { url });
  }

  async reload(): Promise<void> {
    await this.#session.send('refresh', {});
  }

  /** The result of a function that runs in the page, which may return a promise. It must not use anything outside of it. */
  async run<A extends readonly Argument[]>(script: (...args: A) => unknown, ...args: A): Promise<unknown> {
    const outcome = v.parse(
      outcomeSchema,
      await this.#session.send('script', {
        script: `const done = arguments[arguments.length - 1];
          Promise.resolve([...arguments].slice(0, -1)).then((args) => (${String(script)})(...args)).then(
            (value) => done({ value: value === undefined ? null : value }),
            (error) => done({ error: String(error) }),
          );`,
        args,
      }),
    );
    if ('error' in outcome) throw new Error(outcome.error);
    return outcome.value;
  }

  /**
   * Waits until a function of the page returns something other than null, false and undefined, and returns it.
   *
   * @throws Error with the function and the page's text if that takes too long
   */
  async until<A extends readonly Argument[]>(script: (...args: A) => unknown, ...args: A): Promise<unknown> {
    const end = Date.now() + longestWait;
    for (;;) {
      const value = await this.run(script, ...args);
      if (value !== null && value !== false) return value;
      if (Date.now() > end) {
        const shown = String(await this.run(() => document.body.innerText));
        throw new Error(`Waited in vain for ${String(script)} (${args.join()}). The page says: ${shown}`);
      }
      await this.run(() => new Promise((drawn) => requestAnimationFrame(drawn)));
    }
  }

  async click<A extends readonly Argument[]>(
    find: (...args: A) => Element | null,
    ...args: A
  ): Promise<void> {
    await this.#session.send('click', { id: await this.#element(find, ...args) });
  }

  close(): Promise<void> {
    return this.#session.close();
  }

  async #element<A extends readonly Argument[]>(find: (...args: A) => unknown, ...args: A): Promise<string> {
    return v.parse(elementSchema, await this.until(find, ...args))[elementKey];
  }
}
