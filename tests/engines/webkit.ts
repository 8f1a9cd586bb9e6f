/** WebKitGTK's MiniBrowser, driven by WebKitWebDriver, on a virtual screen. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import * as v from 'valibot';
import { freePort } from '../support/web-servers.ts';
import { pathOf } from './webdriver.ts';
import type { Session } from './webdriver.ts';

const sessionSchema = v.object({ sessionId: v.string() });
const answerSchema = v.object({ value: v.unknown() });
const failureSchema = v.object({ error: v.string(), message: v.optional(v.string(), '') });

/** Starts the driver, and MiniBrowser with it. `downloads` is the folder for downloads. */
export async function startWebKit(downloads: string): Promise<Session> {
  const home = mkdtempSync(join(tmpdir(), 'drift-webkit-'));
  mkdirSync(join(home, '.config'));
  writeFileSync(join(home, '.config/user-dirs.dirs'), `XDG_DOWNLOAD_DIR="${downloads}"\n`);
  const port = await freePort();
  const driver = spawn('xvfb-run', ['-a', 'WebKitWebDriver', `--port=${port}`], {
    env: { ...process.env, HOME: home, XDG_CONFIG_HOME: join(home, '.config'), XDG_RUNTIME_DIR: home },
    stdio: 'ignore',
    // A group of its own, which has the screen and the browser too.
    detached: true,
  });
  const exit = once(driver, 'exit');
  const end = async () => {
    if (driver.pid !== undefined && driver.exitCode === null) process.kill(-driver.pid);
    await exit;
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  };
  const ask = async (method: 'POST' | 'DELETE', path: string, body?: object): Promise<unknown> => {
    const response = await fetch(`http://127.0.0.1:${port}/${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const { value } = v.parse(answerSchema, await response.json());
    if (response.ok) return value;
    const { error, message } = v.parse(failureSchema, value);
    throw new Error(`${path}: ${error}: ${message}`);
  };
  try {
    await answering(`http://127.0.0.1:${port}/status`, () => driver.exitCode === null);
    const { sessionId } = v.parse(sessionSchema, await ask('POST', 'session', { capabilities: {} }));
    return {
      send: (command, parameters) =>
        ask('POST', `session/${sessionId}/${pathOf(command, parameters)}`, parameters),
      close: async () => {
        await ask('DELETE', `session/${sessionId}`).finally(end);
      },
    };
  } catch (error) {
    await end();
    throw error;
  }
}

/** Resolves when a server answers. It says nothing when it begins to. */
async function answering(url: string, isRunning: () => boolean): Promise<void> {
  while (isRunning()) {
    if (await fetch(url).catch(() => null)) return;
    await setTimeout(50);
  }
  throw new Error('xvfb-run or WebKitWebDriver ended at once.');
}
