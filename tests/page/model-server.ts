import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';

/** Folder of the small test model, which draws coloured patterns in a fraction of the built-in model's time. */
const patterns = new URL('../fixtures/models/patterns/', import.meta.url);

/** Replacement for a file of the model: other content, or only an error status. */
export type Answer = Uint8Array | string | number;

/** The small model on a server of its own, with faults. */
export interface ModelServer {
  /** URL of the manifest. */
  readonly manifest: string;
  /** URL of a manifest that never arrives: the page stays without a model. */
  readonly unanswered: string;
  /** Replaced answers by path within the model. */
  readonly answers: Map<string, Answer>;
  close(): Promise<void>;
}

/** Path that the server never answers. */
const unanswered = 'unanswered.json';

/** Starts a server on a free port, with CORS for all origins. */
export async function serveModel(): Promise<ModelServer> {
  const answers = new Map<string, Answer>();
  const server = createServer((request, response) => {
    const path = (request.url ?? '').slice(1);
    if (path === unanswered) return;
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
    unanswered: `http://127.0.0.1:${address.port}/${unanswered}`,
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

/** Reads a file of the small model. */
export async function modelFile(path: string): Promise<Buffer> {
  return readFile(fileURLToPath(new URL(path, patterns)));
}

/** A JSON file of the small model with some keys replaced. */
export async function changedJson(path: string, changes: Readonly<Record<string, unknown>>): Promise<string> {
  const json: unknown = JSON.parse((await modelFile(path)).toString());
  return JSON.stringify(Object.assign({}, json, changes));
}
