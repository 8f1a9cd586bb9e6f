import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { findCommand, outputOf } from '../rig/process.ts';

/** A third-party web server that serves a folder. */
export interface WebServer {
  /** URL of the folder, with a trailing slash. */
  readonly url: string;
  close(): Promise<void>;
}

/** Python's `http.server`, with its default configuration. */
export async function serveWithPython(folder: string): Promise<WebServer> {
  const port = await freePort();
  const args = ['-u', '-m', 'http.server', String(port), '--bind', '127.0.0.1', '--directory', folder];
  const server = spawn('python3', args, { stdio: ['ignore', 'pipe', 'ignore'] });
  await line(server, server.stdout, /Serving HTTP/);
  return { url: `http://127.0.0.1:${port}/`, close: () => ended(server) };
}

/** Path of nginx, or null. Debian installs it where only root's PATH looks. */
export function nginxProgram(): string | null {
  const usual = '/usr/sbin/nginx';
  return findCommand('nginx') ?? (existsSync(usual) ? usual : null);
}

/** nginx with the MIME types of its Debian package, which lack `.mjs`. */
export async function serveWithNginx(folder: string): Promise<WebServer> {
  const port = await freePort();
  const state = mkdtempSync(join(tmpdir(), 'drift-nginx-'));
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${join(state, name)};`,
  );
  // If started by root, nginx would switch to a user who may be unable to read the checkout.
  writeFileSync(
    join(state, 'nginx.conf'),
    `user ${userInfo().username} ${outputOf('id', ['-gn'])?.trim() ?? ''}; daemon off; pid ${join(state, 'nginx.pid')}; error_log stderr notice; events {}
     http {
       include /etc/nginx/mime.types; default_type application/octet-stream; access_log off;
       ${temporary.join(' ')}
       server { listen 127.0.0.1:${port}; root ${folder}; }
     }`,
  );
  const program = nginxProgram();
  if (program === null) throw new Error('nginx is not installed');
  const server = spawn(program, ['-e', 'stderr', '-c', join(state, 'nginx.conf')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  await line(server, server.stderr, /start worker process /);
  return {
    url: `http://127.0.0.1:${port}/`,
    close: async () => {
      await ended(server);
      rmSync(state, { recursive: true, force: true });
    },
  };
}

/** A TCP port that nothing listens on. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().on('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
      probe.close(() => {
        resolve(port);
      });
    });
  });
}

/** Resolves when a program prints a matching line. Rejects with its output if it exits first. */
function line(program: ChildProcess, output: Readable, pattern: RegExp): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = '';
    output.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (pattern.test(text)) resolve();
    });
    program.once('error', reject);
    program.once('exit', (status) => {
      reject(new Error(`The server ended with status ${status}: ${text}`));
    });
  });
}

/** Ends a program and waits until it has ended. */
export function ended(program: ChildProcess): Promise<void> {
  if (program.exitCode !== null || program.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    program.once('exit', () => {
      resolve();
    });
    program.kill('SIGTERM');
  });
}
