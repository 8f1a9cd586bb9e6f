/** Firefox, driven over Marionette, its own transport of WebDriver: Debian has no geckodriver. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { ended } from '../support/web-servers.ts';
import { marionetteName } from './webdriver.ts';
import type { Session } from './webdriver.ts';

export interface FirefoxOptions {
  readonly program: string;
  /** Folder for downloads. */
  readonly downloads: string;
  /** Preferences besides those of the tests. */
  readonly preferences: Readonly<Record<string, string | number | boolean>>;
  readonly env: Readonly<Record<string, string>>;
}

const answerSchema = v.tuple([
  v.literal(1),
  v.number(),
  v.nullable(v.object({ error: v.string(), message: v.string() })),
  v.unknown(),
]);

/** Starts Firefox without a window and with a profile of its own. */
export async function startFirefox({
  program,
  downloads,
  preferences,
  env,
}: FirefoxOptions): Promise<Session> {
  const profile = mkdtempSync(join(tmpdir(), 'drift-firefox-'));
  const all = {
    'marionette.port': 0,
    'browser.download.folderList': 2,
    'browser.download.dir': downloads,
    'browser.shell.checkDefaultBrowser': false,
    'datareporting.policy.dataSubmissionEnabled': false,
    'app.update.enabled': false,
    ...preferences,
  };
  const lines = Object.entries(all).map(
    ([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});`,
  );
  writeFileSync(join(profile, 'user.js'), lines.join('\n'));
  const browser = spawn(program, ['--headless', '--marionette', '--no-remote', '--profile', profile], {
    env: { ...process.env, HOME: profile, MOZ_CRASHREPORTER_DISABLE: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const close = async () => {
    await ended(browser);
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const marionette = await openMarionette(await listening(browser));
    await marionette.ask('WebDriver:NewSession', {
      capabilities: { alwaysMatch: { 'moz:webdriverClick': true } },
    });
    return {
      send: async (command, parameters) => {
        const result = await marionette.ask(marionetteName(command), parameters);
        return v.is(v.object({ value: v.unknown() }), result) ? result.value : result;
      },
      close: async () => {
        marionette.close();
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Port of Marionette, once it listens. Rejects with Firefox's output if it exits first. */
function listening(browser: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    let text = '';
    for (const stream of [browser.stdout, browser.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        const port = /Marionette\s+INFO\s+Listening on port (\d+)/.exec(text)?.[1];
        if (port !== undefined) resolve(Number(port));
      });
    }
    browser.once('error', reject);
    browser.once('exit', (status) => {
      reject(new Error(`Firefox ended with status ${status}: ${text}`));
    });
  });
}

interface Marionette {
  ask(name: string, parameters: object): Promise<unknown>;
  close(): void;
}

/** Messages of Marionette: the length in bytes, a colon, and JSON. The first one says what is spoken. */
async function openMarionette(port: number): Promise<Marionette> {
  const socket = connect(port, '127.0.0.1');
  const messages = readMessages(socket);
  await messages.next();
  let last = 0;
  return {
    ask: async (name, parameters) => {
      const id = ++last;
      const text = JSON.stringify([0, id, name, parameters]);
      socket.write(`${Buffer.byteLength(text)}:${text}`);
      const { value } = await messages.next();
      const [, answered, error, result] = v.parse(answerSchema, value);
      if (answered !== id) throw new Error(`Marionette answered ${answered} instead of ${id}.`);
      if (error) throw new Error(`${name}: ${error.error}: ${error.message}`);
      return result;
    },
    close: () => socket.destroy(),
  };
}

async function* readMessages(socket: Socket): AsyncGenerator<unknown, never> {
  let bytes: Buffer = Buffer.alloc(0);
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    bytes = Buffer.concat([bytes, v.parse(v.instance(Buffer), chunk)]);
    for (;;) {
      const colon = bytes.indexOf(':');
      const end = colon + 1 + Number(bytes.subarray(0, Math.max(0, colon)).toString());
      if (colon < 0 || bytes.length < end) break;
      yield JSON.parse(bytes.subarray(colon + 1, end).toString());
      bytes = bytes.subarray(end);
    }
  }
  throw new Error('Marionette closed the connection.');
}
