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
  /** `show` inherits the output, `collect` captures it, `both` does both. */
  readonly output: 'show' | 'collect' | 'both';
}

/** Runs a command to its end. If it cannot be started, the status is 127 and the output is the reason. */
export function run(
  command: string,
  args: readonly string[],
  options: RunOptions,
): Promise<{ status: number; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      env: { ...process.env, ...options.env },
      stdio: [
        'ignore',
        ...(options.output === 'show' ? (['inherit', 'inherit'] as const) : (['pipe', 'pipe'] as const)),
      ],
    });
    const chunks: Buffer[] = [];
    for (const [stream, target] of [
      [child.stdout, process.stdout],
      [child.stderr, process.stderr],
    ] as const) {
      stream?.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        if (options.output === 'both') target.write(chunk);
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
