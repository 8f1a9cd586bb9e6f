import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { resolve, sep } from 'node:path';

/** A folder served on localhost. */
export interface ServedFolder {
  /** URL of the folder, with a trailing slash. */
  readonly url: string;
  /** Total size of all files that were requested, each counted once. */
  bytesRequested(): number;
  close(): Promise<void>;
}

/** Serves a folder on a free port of localhost, with CORS for all origins. */
export async function serveFolder(folder: string): Promise<ServedFolder> {
  const root = resolve(folder);
  const sizes = new Map<string, number>();
  const server = createServer((request, response) => {
    response.setHeader('Access-Control-Allow-Origin', '*');
    const path = resolve(
      root,
      decodeURIComponent(new URL(request.url ?? '/', 'http://here').pathname).slice(1),
    );
    if (!path.startsWith(root + sep)) {
      response.writeHead(404).end();
      return;
    }
    readFile(path).then(
      (content) => {
        sizes.set(path, content.length);
        response.setHeader('Content-Length', content.length).end(content);
      },
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  return {
    url: `http://127.0.0.1:${address.port}/`,
    bytesRequested: () => [...sizes.values()].reduce((sum, size) => sum + size, 0),
    close: () =>
      new Promise((closed) => {
        server.close(() => {
          closed();
        });
        server.closeAllConnections();
      }),
  };
}
