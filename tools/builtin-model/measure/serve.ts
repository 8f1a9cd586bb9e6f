import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { resolve, sep } from 'node:path';

/** A folder on a server of this machine. */
export interface ServedFolder {
  /** The address of the folder, with a slash at its end. */
  readonly url: string;
  /** Bytes of all files that were requested so far, each counted once. */
  bytesRequested(): number;
  close(): Promise<void>;
}

/** Serves the files of a folder to this machine, on a free port, to pages of other origins too (CORS). */
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
