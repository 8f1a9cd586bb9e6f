import { createServer } from 'node:http';

/** Files on a server of a test. */
export interface ServedFiles {
  /** The address of the root, with a slash at its end. */
  readonly url: string;
  close(): Promise<void>;
}

/** Serves files by their paths, as they are when they are asked for, on a free port. */
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
