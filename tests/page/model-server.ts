import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';

const builtIn = new URL('../../public/models/builtin/', import.meta.url);

/** What a test puts in the place of a file: other content, or nothing but a status. */
export type Answer = Uint8Array | string | number;

/** The built-in model at another address, as anybody might serve a model of their own, faults included. */
export interface ModelServer {
  /** Where the manifest stands. */
  readonly manifest: string;
  /** Paths within the model, answered differently than by the built-in model's own files. */
  readonly answers: Map<string, Answer>;
  close(): Promise<void>;
}

/** Starts a server that allows every page to read its files (CORS), on a free port. */
export async function serveModel(): Promise<ModelServer> {
  const answers = new Map<string, Answer>();
  const server = createServer((request, response) => {
    const path = (request.url ?? '').slice(1);
    const other = answers.get(path);
    response.setHeader('Access-Control-Allow-Origin', '*');
    response.setHeader('Cache-Control', 'no-store');
    if (typeof other === 'number') {
      response.writeHead(other).end();
    } else if (other !== undefined) {
      response.end(other);
    } else {
      readFile(new URL(path, builtIn)).then(
        (content) => response.end(content),
        () => response.writeHead(404).end(),
      );
    }
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The model server has no port.');
  return {
    manifest: `http://127.0.0.1:${address.port}/model.json`,
    answers,
    close: () =>
      new Promise((closed) => {
        server.close(() => {
          closed();
        });
        server.closeAllConnections();
      }),
  };
}

/** A file of the built-in model. */
export async function builtInFile(path: string): Promise<Buffer> {
  return readFile(fileURLToPath(new URL(path, builtIn)));
}

/** A JSON file of the built-in model with some keys set anew. */
export async function changedJson(path: string, changes: Readonly<Record<string, unknown>>): Promise<string> {
  const json: unknown = JSON.parse((await builtInFile(path)).toString());
  return JSON.stringify(Object.assign({}, json, changes));
}
