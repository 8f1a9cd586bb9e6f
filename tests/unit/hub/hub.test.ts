import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { memorySource } from '../../../src/models/source.ts';
import { utf8 } from '../../support/bytes.ts';
import { createGate, startHub } from '../../support/hub/index.ts';
import type { Fault, Hub } from '../../support/hub/index.ts';
import { openFolder } from '../../support/hub/folder.ts';

const weights = Uint8Array.from({ length: 5000 }, (_, index) => (index * 31) % 251);
const other = Uint8Array.from({ length: 5000 }, (_, index) => (index * 17) % 241);
const config = utf8('{"act_fn":"silu"}');
const commit = '17e2bedc1469eab4446e3e2c0219b9e868bf0473';

let hub: Hub;
let base: string;

beforeEach(async () => {
  const bin = memorySource('unet.bin', other);
  const json = memorySource('config.json', config);
  hub = await startHub([
    {
      id: 'owner/model',
      licence: 'openrail',
      revisions: new Map([
        [
          commit,
          new Map([
            ['unet/w.safetensors', memorySource('w', weights)],
            ['unet/w.bin', bin],
            ['unet/config.json', json],
          ]),
        ],
        [
          'v2.0',
          new Map([
            ['unet/w.bin', bin],
            ['unet/config.json', json],
          ]),
        ],
      ]),
    },
  ]);
  base = `${hub.url}/owner/model/resolve`;
});
afterEach(() => hub.close());

const path = 'unet/w.safetensors';
const get = (init: RequestInit & { range?: string } = {}, file = path, revision = commit) => {
  const { range, ...rest } = init;
  return fetch(`${base}/${revision}/${file}`, range === undefined ? rest : { ...rest, headers: { range } });
};
const bytesOf = async (response: Response) => new Uint8Array(await response.arrayBuffer());

/** Received bytes of an answer, and whether it ended as announced. */
async function received(response: Response): Promise<{ bytes: number; whole: boolean }> {
  let bytes = 0;
  try {
    for await (const chunk of response.body ?? []) bytes += chunk.length;
    return { bytes, whole: true };
  } catch {
    return { bytes, whole: false };
  }
}

describe('the test hub', () => {
  it('redirects weights to another origin with size, ETag and commit headers', async () => {
    const redirect = await get({ redirect: 'manual' });
    expect(redirect.status).toBe(302);
    const location = redirect.headers.get('location') ?? '';
    expect(new URL(location).origin).toBe(hub.contentUrl);
    expect(new URL(location).origin).not.toBe(new URL(hub.url).origin);
    expect(redirect.headers.get('x-linked-size')).toBe('5000');
    const sha256 = createHash('sha256').update(weights).digest('hex');
    expect(redirect.headers.get('x-linked-etag')).toBe(`"${sha256}"`);
    expect(redirect.headers.get('x-repo-commit')).toBe(commit);

    const followed = await get();
    expect({ status: followed.status, url: followed.url }).toEqual({ status: 200, url: location });
    expect(followed.headers.get('etag')).toMatch(/^"[0-9a-f]{32}"$/);
    expect(followed.headers.get('accept-ranges')).toBe('bytes');
    expect(await bytesOf(followed)).toEqual(weights);
  });

  it('sends small files itself, by a relative redirect', async () => {
    const redirect = await get({ redirect: 'manual' }, 'unet/config.json');
    expect(redirect.status).toBe(307);
    expect(redirect.headers.get('location')).toMatch(/^\/api\/resolve-cache\/models\/owner\/model\//);
    const followed = await get({}, 'unet/config.json');
    expect(new URL(followed.url).origin).toBe(hub.url);
    // As computed by `git hash-object`.
    const sha1 = createHash('sha1').update(`blob ${config.length}\0`).update(config).digest('hex');
    expect(followed.headers.get('etag')).toBe(`"${sha1}"`);
    expect(await followed.json()).toEqual({ act_fn: 'silu' });
  });

  it.each([
    ['bytes=0-0', 0, 1],
    ['bytes=100-199', 100, 200],
    ['bytes=4990-', 4990, 5000],
    ['bytes=4990-9999', 4990, 5000],
    ['bytes=-10', 4990, 5000],
  ])('answers the range %s', async (range, first, end) => {
    const response = await get({ range });
    expect(response.status).toBe(206);
    expect(response.headers.get('content-range')).toBe(`bytes ${first}-${end - 1}/5000`);
    expect(response.headers.get('content-length')).toBe(String(end - first));
    expect(await bytesOf(response)).toEqual(weights.slice(first, end));
  });

  it.each(['bytes=5-2', 'bytes=0-1,5-6', 'lines=0-1'])(
    'ignores the malformed or unsupported range %s',
    async (range) => {
      const response = await get({ range });
      expect(response.status).toBe(200);
      expect(await bytesOf(response)).toEqual(weights);
    },
  );

  it('answers 416 to a range after the end', async () => {
    const response = await get({ range: 'bytes=5000-' });
    expect(response.status).toBe(416);
    expect(response.headers.get('content-range')).toBe('bytes */5000');
  });

  it('answers conditional requests by ETag', async () => {
    const etag = (await get()).headers.get('etag') ?? '';
    const ask = async (headers: Record<string, string>) => (await get({ headers })).status;
    expect(await ask({ range: 'bytes=0-9', 'if-range': etag })).toBe(206);
    expect(await ask({ range: 'bytes=0-9', 'if-range': '"old"' })).toBe(200);
    expect(await ask({ 'if-match': '"old"' })).toBe(412);
    expect(await ask({ 'if-none-match': etag })).toBe(304);
  });

  it('answers HEAD with the length alone', async () => {
    const response = await get({ method: 'HEAD' });
    expect({ status: response.status, length: response.headers.get('content-length') }).toEqual({
      status: 200,
      length: '5000',
    });
    expect(hub.fetched(path)).toEqual({ requests: 0, bytes: 0 });
  });

  it.each([
    ['owner/model', 'v2.0', path, 404, 'EntryNotFound'],
    ['owner/model', 'v9', path, 404, 'RevisionNotFound'],
    ['owner/nothing', 'main', path, 401, 'RepoNotFound'],
  ])('reports what of %s at %s, %s, is missing', async (id, revision, file, status, code) => {
    const response = await fetch(`${hub.url}/${id}/resolve/${revision}/${file}`);
    expect({ status: response.status, code: response.headers.get('x-error-code') }).toEqual({ status, code });
    expect(response.headers.get('access-control-allow-origin')).not.toBeNull();
  });

  it('serves content only to signed URLs', async () => {
    const { url } = await get();
    const unsigned = new URL(url);
    unsigned.search = '';
    expect((await fetch(unsigned)).status).toBe(403);
  });

  it('allows cross-origin requests, including preflights', async () => {
    const origin = 'http://localhost:4173';
    const headers = { origin };
    const redirect = await get({ redirect: 'manual', headers });
    expect(redirect.headers.get('access-control-allow-origin')).toBe(origin);
    expect(redirect.headers.get('access-control-expose-headers')).toContain('X-Linked-ETag');
    const followed = await get({ headers });
    expect(followed.headers.get('access-control-allow-origin')).toBe('*');
    const asked = await get({
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-headers': 'range' },
    });
    expect({ status: asked.status, allowed: asked.headers.get('access-control-allow-headers') }).toEqual({
      status: 204,
      allowed: 'range',
    });
    expect(hub.requests.map(({ method }) => method)).not.toContain('OPTIONS');
  });

  it('lists a revision', async () => {
    const json = async (what: string): Promise<unknown> =>
      (await fetch(`${hub.url}/api/models/owner/model/${what}`)).json();
    expect(await json(`tree/v2.0?recursive=true`)).toMatchObject([
      { type: 'file', path: 'unet/w.bin', size: 5000, lfs: { size: 5000 } },
      { type: 'file', path: 'unet/config.json', size: config.length },
    ]);
    expect(await json(`revision/${commit}`)).toMatchObject({
      id: 'owner/model',
      sha: commit,
      cardData: { license: 'openrail' },
      siblings: [{ rfilename: path }, { rfilename: 'unet/w.bin' }, { rfilename: 'unet/config.json' }],
    });
  });

  it('records requests and the number of bytes sent', async () => {
    await bytesOf(await get({ range: 'bytes=0-99' }));
    await bytesOf(await get({ range: 'bytes=100-299' }));
    await bytesOf(await get({}, 'unet/config.json'));
    expect(hub.fetched(path)).toEqual({ requests: 2, bytes: 300 });
    expect(hub.fetched('unet/config.json')).toEqual({ requests: 1, bytes: config.length });
    expect(hub.fetched('unet/w.bin')).toEqual({ requests: 0, bytes: 0 });
    expect(hub.requests[1]).toEqual({
      at: 'content',
      method: 'GET',
      repository: 'owner/model',
      revision: commit,
      path,
      range: 'bytes=0-99',
      status: 206,
      bytes: 100,
    });
    hub.reset();
    expect(hub.fetched(path).requests).toBe(0);
  });

  it('serves a folder', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'drift-hub-'));
    await mkdir(join(folder, 'vae'));
    await writeFile(join(folder, 'vae/w.bin'), weights);
    await writeFile(join(folder, 'model_index.json'), config);
    const { files, close } = await openFolder(folder);
    const served = await startHub([{ id: 'a/b', revisions: new Map([['main', files]]) }]);
    try {
      expect([...files.keys()]).toEqual(['model_index.json', 'vae/w.bin']);
      const response = await fetch(`${served.url}/a/b/resolve/main/vae/w.bin`, {
        headers: { range: 'bytes=7-8' },
      });
      expect(await bytesOf(response)).toEqual(weights.slice(7, 9));
    } finally {
      await served.close();
      await close();
      await rm(folder, { recursive: true });
    }
  });
});

describe('injected faults', () => {
  const range = 'bytes=1000-1999';
  const inject = (...faults: Fault[]) => hub.inject({ path, faults });

  it('a connection that closes before the response', async () => {
    inject({ kind: 'hang-up' });
    await expect(get({ range })).rejects.toThrow();
    expect(hub.requests.at(-1)?.status).toBe(0);
  });

  it('a connection that is lost in the middle of the body', async () => {
    inject({ kind: 'drop', after: 300 });
    const response = await get({ range });
    expect(response.headers.get('content-length')).toBe('1000');
    expect(await received(response)).toEqual({ bytes: 300, whole: false });
    expect(hub.fetched(path).bytes).toBe(300);
  });

  it.each([
    [429, 7],
    [503, undefined],
    [500, undefined],
  ])('a response of status %i', async (status, retryAfter) => {
    inject({ kind: 'status', status, ...(retryAfter === undefined ? {} : { retryAfter }) });
    const response = await get({ range });
    expect(response.status).toBe(status);
    expect(response.headers.get('retry-after')).toBe(retryAfter === undefined ? null : '7');
  });

  it('a response of status 429 to a resolve request', async () => {
    hub.inject({ path, at: 'resolve', faults: [{ kind: 'status', status: 429, retryAfter: 1 }] });
    const response = await get({ range });
    expect({ status: response.status, origin: new URL(response.url).origin }).toEqual({
      status: 429,
      origin: hub.url,
    });
    expect(hub.fetched(path).requests).toBe(0);
  });

  it('a server that ignores ranges', async () => {
    inject({ kind: 'ignore-range' });
    const response = await get({ range });
    expect({ status: response.status, range: response.headers.get('content-range') }).toEqual({
      status: 200,
      range: null,
    });
    expect(await bytesOf(response)).toEqual(weights);
  });

  it('a valid range answered with 416', async () => {
    inject({ kind: 'refuse-range' });
    expect((await get({ range })).status).toBe(416);
    expect((await get()).status).toBe(200);
  });

  it('a range other than the requested one', async () => {
    inject({ kind: 'other-range', shift: 10 });
    const response = await get({ range });
    expect(response.headers.get('content-range')).toBe('bytes 1010-2009/5000');
    expect(await bytesOf(response)).toEqual(weights.slice(1010, 2010));
  });

  it('the right bytes with a wrong Content-Range', async () => {
    inject({ kind: 'false-range', shift: 10 });
    const response = await get({ range });
    expect(response.headers.get('content-range')).toBe('bytes 1010-2009/5000');
    expect(await bytesOf(response)).toEqual(weights.slice(1000, 2000));
  });

  it('a file that is replaced between two requests', async () => {
    hub.inject({ path, from: 3, faults: [{ kind: 'replaced', by: memorySource('new', other) }] });
    const tags: (string | null)[] = [];
    const contents: number[] = [];
    for (let request = 0; request < 4; request++) {
      const response = await get({ range: 'bytes=9-9' });
      tags.push(response.headers.get('etag'));
      contents.push(...(await bytesOf(response)));
    }
    expect(tags[0]).toBe(tags[1]);
    expect(tags[2]).toBe(tags[3]);
    expect(tags[1]).not.toBe(tags[2]);
    expect(contents).toEqual([weights[9], weights[9], other[9], other[9]]);
  });

  it('a file that is replaced but keeps its ETag', async () => {
    const etag = (await get({ method: 'HEAD' })).headers.get('etag') ?? '';
    inject({ kind: 'replaced', by: memorySource('new', other), etag });
    const response = await get({ range });
    expect(response.headers.get('etag')).toBe(etag);
    expect(await bytesOf(response)).toEqual(other.slice(1000, 2000));
  });

  it('a body that is shorter than its Content-Range', async () => {
    inject({ kind: 'short', by: 1 });
    const response = await get({ range });
    expect(response.headers.get('content-range')).toBe('bytes 1000-1999/5000');
    expect(await received(response)).toEqual({ bytes: 999, whole: true });
  });

  it('a web page instead of the file', async () => {
    inject({ kind: 'web-page' });
    const response = await get({ range });
    expect(response.headers.get('content-type')).toContain('text/html');
    expect(await response.text()).toContain('<!doctype html>');
  });

  it('no response until the gate opens', async () => {
    const gate = createGate();
    inject({ kind: 'silence', gate });
    const asked = get({ range });
    await gate.reached;
    expect(hub.requests.at(-1)).toMatchObject({ at: 'content', status: 0, bytes: 0 });
    gate.open();
    expect((await bytesOf(await asked)).length).toBe(1000);
  });

  it('a body that stalls until the gate opens', async () => {
    const gate = createGate();
    inject({ kind: 'stall', after: 400, gate });
    const response = await get({ range });
    const all = received(response);
    await gate.reached;
    expect(hub.fetched(path).bytes).toBe(400);
    gate.open();
    expect(await all).toEqual({ bytes: 1000, whole: true });
  });

  it('a body that stalls after its last byte', async () => {
    const gate = createGate();
    inject({ kind: 'stall', after: 1000, gate });
    const all = received(await get({ range }));
    await gate.reached;
    gate.open();
    expect(await all).toEqual({ bytes: 1000, whole: true });
  });

  it('a stalled response that the client aborts', async () => {
    const gate = createGate();
    inject({ kind: 'stall', after: 0, gate });
    const stop = new AbortController();
    const asked = get({ range, signal: stop.signal }).then(received);
    await gate.reached;
    stop.abort();
    expect(await asked.catch(() => 'aborted')).not.toMatchObject({ whole: true });
    expect(hub.fetched(path).bytes).toBe(0);
  });

  it('a throttled connection, shared by all its requests', async () => {
    inject({ kind: 'throttle', bytesPerSecond: 20_000 });
    const began = performance.now();
    await Promise.all([0, 1].map(async () => received(await get({ range }))));
    // 2000 bytes; the last 400 are sent after the earlier ones.
    expect(performance.now() - began).toBeGreaterThan(70);
  });

  it('no CORS', async () => {
    inject({ kind: 'no-cors' });
    const response = await get({ range, headers: { origin: 'http://localhost' } });
    expect(response.headers.get('access-control-allow-origin')).toBeNull();
    expect(response.status).toBe(206);
  });

  it('CORS that hides headers', async () => {
    inject({ kind: 'hide-headers' });
    const response = await get({ range });
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    expect(response.headers.get('access-control-expose-headers')).toBeNull();
  });

  it('several at once', async () => {
    inject({ kind: 'replaced', by: memorySource('new', other) }, { kind: 'drop', after: 5 });
    hub.inject({ path, faults: [{ kind: 'ignore-range' }] });
    const response = await get({ range });
    expect({ status: response.status, etag: response.headers.get('etag') }).toEqual({
      status: 200,
      etag: '"replaced-5000"',
    });
    expect((await received(response)).bytes).toBe(5);
  });

  it('only for some requests, bytes or files, until they are removed', async () => {
    const status: Fault = { kind: 'status', status: 503 };
    const second = hub.inject({ path, from: 2, to: 2, faults: [status] });
    const statuses = async () => {
      const all: number[] = [];
      for (const at of [0, 1000, 2000, 3000]) {
        all.push((await get({ range: `bytes=${at}-${at + 999}` })).status);
      }
      return all;
    };
    expect(await statuses()).toEqual([206, 503, 206, 206]);
    expect(second.matches()).toBe(4);
    const covering = hub.inject({ path, covering: 2500, faults: [status] });
    expect(await statuses()).toEqual([206, 206, 503, 206]);
    expect(covering.matches()).toBe(1);
    covering.remove();
    expect(await statuses()).toEqual([206, 206, 206, 206]);
    hub.inject({ path: 'unet/w.bin', faults: [status] });
    expect(await statuses()).toEqual([206, 206, 206, 206]);
    hub.inject({ faults: [status] });
    expect(await statuses()).toEqual([503, 503, 503, 503]);
    hub.reset();
    expect(await statuses()).toEqual([206, 206, 206, 206]);
  });
});
