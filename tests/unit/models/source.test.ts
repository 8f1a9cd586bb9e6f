import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { httpSource } from '../../../src/models/http.ts';
import { blobSource, memorySource } from '../../../src/models/source.ts';
import type { ByteSource } from '../../../src/models/types.ts';
import { fileSource } from '../../../tools/file-source.ts';
import { failure } from '../../support/failure.ts';

const content = Uint8Array.from({ length: 1000 }, (_, i) => (i * 7) % 251);
const slice = (offset: number, length: number) => [...content.subarray(offset, offset + length)];

let folder: string;
let path: string;
/** Answers to the next requests, and the requests received. */
let answer: (request: IncomingMessage, response: ServerResponse) => void;
let requests: string[];
let url: string;
const server = createServer((request, response) => {
  requests.push(`${request.method ?? ''} ${request.headers.range ?? ''}`.trim());
  answer(request, response);
});

/** A static file server with range support and one optional fault. */
function serve(
  fault: {
    bytes?: Uint8Array;
    hideRange?: boolean;
    unknownTotal?: boolean;
    tag?: () => string;
  } = {},
) {
  const { bytes = content, hideRange = false, unknownTotal = false, tag } = fault;
  answer = (request, response) => {
    const headers: Record<string, string> = tag === undefined ? {} : { ETag: tag() };
    const match = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
    if (match === null) {
      response.writeHead(200, { ...headers, 'Content-Length': bytes.length });
      response.end(request.method === 'HEAD' ? undefined : bytes);
      return;
    }
    const first = Number(match[1]);
    const last = Math.min(Number(match[2]), bytes.length - 1);
    const total = unknownTotal ? '*' : String(bytes.length);
    if (first >= bytes.length) {
      response.writeHead(416, { 'Content-Range': `bytes */${total}` }).end();
      return;
    }
    if (!hideRange) headers['Content-Range'] = `bytes ${first}-${last}/${total}`;
    response.writeHead(206, headers).end(bytes.subarray(first, last + 1));
  };
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drift-source-'));
  path = join(folder, 'weights');
  await writeFile(path, content);
  requests = [];
  serve();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/weights.bin`;
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true });
});

describe('ByteSource', () => {
  const kinds: Record<string, () => Promise<ByteSource & { close?(): Promise<void> }>> = {
    memory: () => Promise.resolve(memorySource('weights', content)),
    'part of a larger buffer': () =>
      Promise.resolve(memorySource('weights', Uint8Array.of(1, 2, ...content, 3).subarray(2, 1002))),
    blob: () => Promise.resolve(blobSource('weights', new Blob([content]))),
    file: () => fileSource(path),
    http: () => httpSource(url),
    'http without ranges': () => {
      answer = (_, response) => response.end(content);
      return httpSource(url);
    },
    'http that hides Content-Range': () => {
      serve({ hideRange: true });
      return httpSource(url);
    },
    'http that does not know the length': () => {
      serve({ unknownTotal: true });
      return httpSource(url);
    },
  };

  it.each(Object.entries(kinds))('returns exactly the requested bytes: %s', async (_, open) => {
    const source = await open();
    expect(source.size).toBe(1000);
    for (const [offset, length] of [
      [0, 1000],
      [0, 1],
      [999, 1],
      [123, 456],
      [1000, 0],
      [0, 0],
    ] as const) {
      expect([...(await source.read(offset, length))]).toEqual(slice(offset, length));
      if (source.readSync) expect([...source.readSync(offset, length)]).toEqual(slice(offset, length));
    }
    await source.close?.();
  });

  it.each([
    ['memory', true],
    ['part of a larger buffer', true],
    ['file', true],
    ['blob', false],
    ['http', false],
  ] as const)('can be read synchronously where supported: %s, %s', async (kind, possible) => {
    const source = await kinds[kind]?.();
    expect(source?.readSync !== undefined).toBe(possible);
    if (possible) {
      source?.readSync?.(0, 10).fill(0);
      expect([...(source?.readSync?.(0, 10) ?? [])]).toEqual(slice(0, 10));
      expect(() => source?.readSync?.(990, 12)).toThrow(expect.objectContaining({ code: 'truncated' }));
    }
    await source?.close?.();
  });

  it.each(Object.entries(kinds))('reports how many bytes are missing beyond its end: %s', async (_, open) => {
    const source = await open();
    for (const [offset, length, missing] of [
      [990, 12, 2],
      [1000, 1, 1],
      [5000, 10, 4010],
    ] as const) {
      expect(await failure(source.read(offset, length))).toMatchObject({
        name: 'CheckpointError',
        code: 'truncated',
        details: { file: source.name, missing, size: 1000 },
      });
    }
    await expect(source.read(-1, 1)).rejects.toThrow(RangeError);
    await expect(source.read(0, 1.5)).rejects.toThrow(RangeError);
    await source.close?.();
  });

  it.each(Object.entries(kinds))('returns a copy of the bytes, and can be aborted: %s', async (_, open) => {
    const source = await open();
    (await source.read(0, 10)).fill(0);
    expect([...(await source.read(0, 10))]).toEqual(slice(0, 10));
    const stopped = AbortSignal.abort();
    await expect(source.read(0, 10, stopped)).rejects.toBe(stopped.reason);
    await source.close?.();
  });
});

describe('blobSource in a worker', () => {
  /** `FileReaderSync`, which Node lacks, over bytes in memory. */
  class Reader {
    readAsArrayBuffer(blob: Blob): ArrayBuffer {
      return read(blob);
    }
  }
  let read: (blob: Blob) => ArrayBuffer;
  beforeEach(() => {
    vi.stubGlobal('FileReaderSync', Reader);
  });
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  it('reads only the requested range, synchronously', () => {
    read = (blob) => new ArrayBuffer(blob.size);
    const source = blobSource('weights', new Blob([content]));
    expect(source.readSync?.(10, 20)).toHaveLength(20);
    expect(() => source.readSync?.(990, 12)).toThrow(expect.objectContaining({ code: 'truncated' }));
  });

  it('reports a file that was changed since', () => {
    read = () => {
      throw new DOMException('gone', 'NotReadableError');
    };
    const source = blobSource('weights', new Blob([content]));
    expect(() => source.readSync?.(0, 1)).toThrow(
      expect.objectContaining({ code: 'unreadable', details: { file: 'weights' } }),
    );
  });
});

describe('fileSource', () => {
  it('reports the path of a missing file or a folder', async () => {
    for (const missing of [join(folder, 'nothing'), folder]) {
      expect(await failure(fileSource(missing))).toMatchObject({
        name: 'ModelError',
        code: 'not-found',
        details: { path: missing },
      });
    }
  });

  it('detects truncation while open', async () => {
    const source = await fileSource(path);
    await truncate(path, 500);
    expect(await failure(source.read(400, 200))).toMatchObject({
      code: 'truncated',
      details: { missing: 100 },
    });
    await source.close();
  });
});

describe('blobSource', () => {
  it('reports a blob that can no longer be read', async () => {
    class Gone extends Blob {
      override slice(): Blob {
        return this;
      }
      override arrayBuffer(): Promise<ArrayBuffer> {
        return Promise.reject(new DOMException('changed', 'NotReadableError'));
      }
    }
    const error = await failure(blobSource('weights', new Gone([content])).read(0, 10));
    expect(error).toMatchObject({ name: 'InputError', code: 'unreadable' });
    expect(error.remedy).toContain('Choose it again');
  });
});

describe('httpSource', () => {
  it('reads with range requests only, one for each read', async () => {
    const source = await httpSource(url);
    await source.read(100, 20);
    expect(requests).toEqual(['GET bytes=0-0', 'GET bytes=100-119']);
  });

  it('follows redirects', async () => {
    const plain = answer;
    answer = (request, response) => {
      if (request.url === '/moved') plain(request, response);
      else response.writeHead(302, { Location: '/moved' }).end();
    };
    const source = await httpSource(url);
    expect([...(await source.read(3, 4))]).toEqual(slice(3, 4));
  });

  it('supports an empty file', async () => {
    serve({ bytes: new Uint8Array(0) });
    expect((await httpSource(url)).size).toBe(0);
  });

  it.each([
    [404, 'not-found'],
    [410, 'not-found'],
    [401, 'http-failed'],
    [403, 'http-failed'],
    [416, 'http-failed'],
    [500, 'http-failed'],
    [503, 'http-failed'],
  ])('reports status %i', async (status, code) => {
    answer = (_, response) => response.writeHead(status).end('no');
    const error = await failure(httpSource(url));
    expect(error).toMatchObject({ name: 'ModelError', code, details: { url, status } });
    expect(error.remedy).not.toBe('');
  });

  it('reports an error status of a later request', async () => {
    const source = await httpSource(url);
    answer = (_, response) => response.writeHead(503).end();
    expect(await failure(source.read(0, 10))).toMatchObject({
      code: 'http-failed',
      details: { url, status: 503 },
    });
  });

  it('reports a network error when the server is unreachable', async () => {
    const error = await failure(httpSource('http://127.0.0.1:9/weights.bin'));
    expect(error).toMatchObject({ name: 'ModelError', code: 'network' });
    expect(error.remedy).toContain('connection');
  });

  it('reports a network error when the connection is lost, with or without Content-Length', async () => {
    const source = await httpSource(url);
    for (const headers of [{ 'Content-Length': '500' }, {}]) {
      answer = (_, response) => {
        response.writeHead(206, { 'Content-Range': 'bytes 0-499/1000', ...headers });
        response.write(content.subarray(0, 100), () => response.destroy());
      };
      expect(await failure(source.read(0, 500))).toMatchObject({ code: 'network', details: { url } });
    }
  });

  it('reports a network error when the body ends early', async () => {
    const source = await httpSource(url);
    answer = (_, response) =>
      response.writeHead(206, { 'Content-Range': 'bytes 0-499/1000' }).end(content.subarray(0, 100));
    expect(await failure(source.read(0, 500))).toMatchObject({ code: 'network' });
  });

  it('rejects another range, or more than requested', async () => {
    const source = await httpSource(url);
    answer = (_, response) =>
      response.writeHead(206, { 'Content-Range': 'bytes 1-10/1000' }).end(content.subarray(1, 11));
    expect(await failure(source.read(0, 10))).toMatchObject({ code: 'http-failed' });
    answer = (_, response) => response.writeHead(206).end(content);
    expect(await failure(source.read(0, 10))).toMatchObject({ name: 'ModelError', code: 'http-failed' });
  });

  it('rejects a file that is replaced while it is read', async () => {
    const tags = ['"a"', '"a"', '"b"'];
    serve({ tag: () => tags.shift() ?? '"b"' });
    const tagged = await httpSource(url);
    expect([...(await tagged.read(0, 5))]).toEqual(slice(0, 5));
    expect(await failure(tagged.read(5, 5))).toMatchObject({ name: 'ModelError', code: 'changed' });

    serve();
    const source = await httpSource(url);
    serve({ bytes: content.subarray(0, 900) });
    expect(await failure(source.read(0, 5))).toMatchObject({ code: 'changed' });
    expect(await failure(source.read(950, 5))).toMatchObject({ code: 'changed' });
    answer = (_, response) => response.end(content.subarray(0, 900));
    expect(await failure(source.read(0, 5))).toMatchObject({ code: 'changed' });
  });

  it('accepts a whole file on a later request, and returns the requested range', async () => {
    const source = await httpSource(url);
    answer = (_, response) => response.end(content);
    expect([...(await source.read(10, 5))]).toEqual(slice(10, 5));
  });

  it('rejects a whole file of unknown length above the limit, without reading all of it', async () => {
    let sent = 0;
    const closed = new Promise((resolve) => {
      answer = (_, response) => {
        response.on('close', resolve);
        const chunk = new Uint8Array(2 ** 16);
        const more = () => {
          while (!response.destroyed && response.write(chunk)) sent += chunk.length;
          sent += chunk.length;
        };
        response.on('drain', more);
        more();
      };
    });
    const largestWhole = 2 ** 20;
    expect(await failure(httpSource(url, { largestWhole }))).toMatchObject({
      name: 'ModelError',
      code: 'no-ranges',
      details: { url, status: 200, limit: largestWhole },
    });
    await closed;
    expect(sent).toBeGreaterThan(largestWhole);
  });

  it('rejects a whole file above the limit in place of a range', async () => {
    const source = await httpSource(url, { largestWhole: 999 });
    answer = (_, response) => response.writeHead(200, { 'Content-Length': 1000 }).end(content);
    const error = await failure(source.read(10, 5));
    expect(error).toMatchObject({ code: 'http-failed', details: { url, status: 200 } });
  });

  it('accepts a compressed whole file, with the size of its content', async () => {
    const zipped = gzipSync(new Uint8Array(1000));
    answer = (_, response) => {
      response.writeHead(200, { 'Content-Length': zipped.length, 'Content-Encoding': 'gzip' });
      response.end(zipped);
    };
    const source = await httpSource(url);
    expect(source.size).toBe(1000);
    expect(await source.read(0, 1000)).toEqual(new Uint8Array(1000));
  });

  it('has the size of the content, even if HEAD reports a compressed length', async () => {
    serve({ hideRange: true });
    const plain = answer;
    answer = (request, response) => {
      const encodings = request.headers['accept-encoding'] ?? '';
      if (request.method !== 'HEAD' || !encodings.includes('gzip')) plain(request, response);
      else response.writeHead(200, { 'Content-Length': 77, 'Content-Encoding': 'gzip' }).end();
    };
    expect((await httpSource(url)).size).toBe(1000);
  });

  it('rejects a multipart/byteranges response', async () => {
    const source = await httpSource(url);
    answer = (_, response) => {
      response.writeHead(206, { 'Content-Type': 'multipart/byteranges; boundary=x' });
      response.end(`--x\r\nContent-Range: bytes 0-9/1000\r\n\r\n0123456789\r\n--x--\r\n`);
    };
    expect(await failure(source.read(0, 10))).toMatchObject({
      code: 'http-failed',
      details: { status: 206 },
    });
  });

  it('reports a network error, and no change of the file, for a web page', async () => {
    const source = await httpSource(url);
    answer = (_, response) =>
      response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' }).end('<title>Log in</title>');
    const error = await failure(source.read(0, 10));
    expect(error.code).toBe('network');
    expect(error.remedy).toContain('log in');
  });

  it('reports no change of the file for status 416 within its size', async () => {
    const source = await httpSource(url);
    answer = (_, response) => response.writeHead(416, { 'Content-Range': 'bytes */1000' }).end();
    expect(await failure(source.read(0, 10))).toMatchObject({
      code: 'http-failed',
      details: { status: 416 },
    });
  });

  it('can be aborted while opening and while reading', async () => {
    const waiting = () =>
      new Promise<void>((resolve) => {
        answer = (_, response) => {
          response.writeHead(206, { 'Content-Range': 'bytes 0-9/1000' });
          response.write('x', () => {
            resolve();
          });
        };
      });
    const source = await httpSource(url);
    const reading = new AbortController();
    let asked = waiting();
    const read = source.read(0, 10, reading.signal);
    await asked;
    reading.abort();
    await expect(read).rejects.toBe(reading.signal.reason);

    const opening = new AbortController();
    asked = new Promise<void>((resolve) => {
      answer = () => {
        resolve();
      };
    });
    const opened = httpSource(url, { signal: opening.signal });
    await asked;
    opening.abort();
    await expect(opened).rejects.toBe(opening.signal.reason);
  });

  it('uses the given fetch, called without `this`', async () => {
    const given: typeof fetch = function (this: unknown, ...args) {
      expect(this).toBeUndefined();
      return fetch(...args);
    };
    const source = await httpSource(url, { fetch: given });
    expect([...(await source.read(1, 2))]).toEqual(slice(1, 2));
  });
});
