import { spawn, spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Path of a command found on PATH, or null. */
export function findCommand(name: string): string | null {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter).filter((path) => path !== '')) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      continue;
    }
  }
  return null;
}

/** Standard output of a command, or null if it is missing or fails. */
export function outputOf(command: string, args: readonly string[]): string | null {
  const { status, stdout } = spawnSync(command, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return status === 0 ? stdout : null;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Called with each piece of standard output and standard error. */
  readonly onOutput?: (chunk: Buffer) => void;
}

/**
 * Runs a command to its end, and collects its output. If it cannot be started, the status is 127 and the output is the
 * reason.
 */
export function run(
  command: string,
  args: readonly string[],
  { env, onOutput }: RunOptions = {},
): Promise<{ status: number; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const chunks: Buffer[] = [];
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        onOutput?.(chunk);
      });
    }
    child.on('error', (error) => {
      resolve({ status: 127, output: error.message });
    });
    child.on('close', (code) => {
      resolve({ status: code ?? 1, output: Buffer.concat(chunks).toString('utf8') });
    });
  });
}
