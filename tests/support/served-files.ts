import { createServer } from 'node:http';

/** Files served over HTTP. */
export interface ServedFiles {
  /** URL of the root, with a trailing slash. */
  readonly url: string;
  close(): Promise<void>;
}

/** Serves files by path on a free port of localhost; later changes to the map take effect. */
export async function serveFiles(files: ReadonlyMap<string, Uint8Array>): Promise<ServedFiles> {
  const server = createServer((request, response) => {
    const bytes = files.get((request.url ?? '').slice(1));
    if (bytes) response.writeHead(200, { 'Content-Length': bytes.length }).end(bytes);
    else response.writeHead(404).end();
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  return {
    url: `http://127.0.0.1:${address.port}/`,
    close: () =>
      new Promise((closed) => {
        server.close(() => {
          closed();
        });
        server.closeAllConnections();
      }),
  };
}
