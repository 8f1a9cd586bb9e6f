import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';

/** A small model that draws coloured patterns: frames take a fraction of the time of the built-in model's. */
const patterns = new URL('../fixtures/models/patterns/', import.meta.url);

/** What a test puts in the place of a file: other content, or nothing but a status. */
export type Answer = Uint8Array | string | number;

/** The small model at an address of its own, as anybody might serve a model, faults included. */
export interface ModelServer {
  /** Where the manifest stands. */
  readonly manifest: string;
  /** Paths within the model, answered differently than by the model's own files. */
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
      readFile(new URL(path, patterns)).then(
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

/** A file of the small model. */
export async function modelFile(path: string): Promise<Buffer> {
  return readFile(fileURLToPath(new URL(path, patterns)));
}

/** A JSON file of the small model with some keys set anew. */
export async function changedJson(path: string, changes: Readonly<Record<string, unknown>>): Promise<string> {
  const json: unknown = JSON.parse((await modelFile(path)).toString());
  return JSON.stringify(Object.assign({}, json, changes));
}
