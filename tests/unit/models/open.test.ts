import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isAbort } from '../../../src/base/index.ts';
import { createModel, openModel, targetFor } from '../../../src/models/index.ts';
import { download, downloadJson, longestDownload } from '../../../src/models/http.ts';
import { float32Bytes, utf8 } from '../../support/bytes.ts';
import { failure } from '../../support/failure.ts';
import { safetensorsFile, shardsOf } from '../../support/safetensors-file.ts';
import { embeddingWidth, tinyModelFiles } from '../../support/tiny-model.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** Files of the server, and replaced answers by path. */
let files: Map<string, Uint8Array<ArrayBuffer>>;
let answers: Map<string, Answer>;
let requests: string[];
let url: string;

const server = createServer((request, response) => {
  const path = (request.url ?? '').replace(/^\/models\/tiny\//, '');
  requests.push(path);
  const answer = answers.get(path);
  if (answer) {
    answer(request, response);
    return;
  }
  const bytes = files.get(path);
  if (bytes) response.writeHead(200, { 'Content-Length': bytes.length }).end(bytes);
  else response.writeHead(404).end('not here');
});

beforeEach(async () => {
  files = tinyModelFiles();
  answers = new Map();
  requests = [];
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  url = `http://127.0.0.1:${port}/models/tiny/model.json`;
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

/** Replaces some keys of the manifest. */
function changeManifest(changes: Record<string, unknown>): void {
  const manifest: unknown = JSON.parse(new TextDecoder().decode(files.get('model.json')));
  files.set('model.json', utf8(JSON.stringify(Object.assign({}, manifest, changes))));
}

/** A file whose body never ends: promises of its request and of the client's disconnection. */
function neverEnding(path: string): { sending: Promise<void>; closed: Promise<void> } {
  let begin: () => void = () => undefined;
  let close: () => void = () => undefined;
  const sending = new Promise<void>((resolve) => (begin = resolve));
  const closed = new Promise<void>((resolve) => (close = resolve));
  answers.set(path, (_, response) => {
    response.on('close', close);
    response.writeHead(200, { 'Content-Length': 1000 });
    response.write(new Uint8Array(10), begin);
  });
  return { sending, closed };
}

const prompts = (...tensors: [name: string, shape: number[]][]) =>
  safetensorsFile(
    tensors.map(([name, shape]) => ({
      name,
      dtype: 'F32',
      shape,
      data: float32Bytes(...Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => 0.5)),
    })),
  );

describe('openModel', () => {
  it('reads the manifest, and the parts relative to it', async () => {
    const { manifest, parts, fixedPrompts, text } = await openModel(url);
    expect(manifest).toMatchObject({
      name: 'Tiny',
      licence: 'CC0-1.0',
      size: 64,
      description: '',
      defaults: {},
    });
    expect(parts.unet.config.embeddingWidth).toBe(embeddingWidth);
    expect(parts.unet.checkpoint.tensors.size).toBeGreaterThan(100);
    expect(parts.vae.config.latentScale).toBe(2);
    expect(parts.scheduler.prediction).toBe('epsilon');
    expect(await parts.imageEncoder.model()).toEqual({ graph: files.get('clip/image.onnx'), weights: [] });
    expect(parts.imageEncoder.size).toBe(8);
    expect(text).toBeNull();
    expect(fixedPrompts).toMatchObject({
      positive: ['up', 'higher'],
      negative: ['down'],
      width: embeddingWidth,
    });
    // Row i of the matrix has a 1 at position i.
    const indices = Array.from({ length: 3 }, (_, row) =>
      fixedPrompts?.embeds.indexOf(1, row * embeddingWidth),
    );
    expect(indices).toEqual([0, embeddingWidth + 1, 2 * embeddingWidth + 2]);
    expect(requests).toContain('unet/weights.safetensors');
    expect(requests).not.toContain('unet/second.safetensors');
  });

  it('reads weights in several files', async () => {
    const whole = await openModel(url);
    const weights = files.get('unet/weights.safetensors') ?? new Uint8Array(0);
    for (const [name, bytes] of shardsOf(weights, 3)) files.set(`unet/${name}`, bytes);
    files.delete('unet/weights.safetensors');
    const index = 'unet/diffusion_pytorch_model.safetensors.index.json';
    changeManifest({ unet: { config: 'unet/config.json', weights: ['unet/weights.safetensors', index] } });
    const { parts } = await openModel(url);
    const { tensors } = parts.unet.checkpoint;
    expect(new Map([...tensors].sort())).toEqual(new Map([...whole.parts.unet.checkpoint.tensors].sort()));
    for (const name of tensors.keys()) {
      expect(await parts.unet.checkpoint.read(name)).toEqual(await whole.parts.unet.checkpoint.read(name));
    }
  });

  it('returns parts that compile', async () => {
    const { parts } = await openModel(url);
    const model = createModel(parts, targetFor('float32', false));
    const { weights } = await model.unet({ height: 4, width: 4 });
    expect(weights[0]?.data.byteLength).toBeGreaterThan(10_000);
  });

  it('reads parts from other folders and origins', async () => {
    const vae = files.get('vae/weights.safetensors') ?? new Uint8Array();
    answers.set('/shared/vae.safetensors', (_, response) => response.end(vae));
    changeManifest({
      scheduler: new URL('/shared/scheduler.json', url).href,
      vae: { config: 'vae/config.json', weights: ['../../shared/vae.safetensors'] },
    });
    answers.set('/shared/scheduler.json', (_, response) =>
      response.end('{"prediction_type":"v_prediction"}'),
    );
    const { parts } = await openModel(url);
    expect(parts.scheduler.prediction).toBe('v_prediction');
    expect(parts.vae.checkpoint.tensors.size).toBeGreaterThan(50);
  });

  it('falls back to the next weights when a file is missing', async () => {
    const weights = files.get('unet/weights.safetensors') ?? new Uint8Array();
    files.delete('unet/weights.safetensors');
    files.set('unet/second.safetensors', weights);
    const { parts } = await openModel(url);
    expect(parts.unet.checkpoint.name).toBe('unet/second.safetensors');
    expect(requests.filter((path) => path.startsWith('unet/w') || path.startsWith('unet/s'))).toEqual([
      'unet/weights.safetensors',
      'unet/second.safetensors',
    ]);
  });

  it('fetches the parts in parallel', async () => {
    const parts = [...files.keys()].filter((path) => path !== 'model.json' && !path.includes('second'));
    const waiting = new Map<string, () => void>();
    for (const path of parts) {
      answers.set(path, (_, response) => {
        waiting.set(path, () => response.end(files.get(path)));
        // No request is answered before all were sent.
        if (waiting.size === parts.length) for (const answer of waiting.values()) answer();
      });
    }
    await openModel(url);
    expect([...waiting.keys()].sort()).toEqual(parts.sort());
  });

  it('reports the progress of each part, without decreasing', async () => {
    const reports: [part: string, done: number, of: number][] = [];
    await openModel(url, {
      onDownload: (...report) => {
        reports.push(report);
      },
    });
    const paths: Record<string, string> = {
      UNet: 'unet/weights.safetensors',
      decoder: 'vae/weights.safetensors',
      'image encoder': 'clip/image.onnx',
      prompts: 'prompts.safetensors',
    };
    expect(new Set(reports.map(([part]) => part))).toEqual(new Set(Object.keys(paths)));
    for (const [part, path] of Object.entries(paths)) {
      const length = files.get(path)?.length ?? 0;
      const own = reports.filter(([name]) => name === part);
      expect(own.at(-1)).toEqual([part, length, length]);
      for (const [step, [, done, of]] of own.entries()) {
        expect(of).toBe(length);
        expect(done).toBeGreaterThan(own[step - 1]?.[1] ?? 0);
      }
    }
  });
});

describe('openModel fails', () => {
  it('with the address of a missing part', async () => {
    files.delete('vae/weights.safetensors');
    const { code, details } = await failure(openModel(url));
    expect(code).toBe('not-found');
    expect(details['url']).toBe(new URL('vae/weights.safetensors', url).href);
  });

  it('when the weights are damaged, without trying the fallback', async () => {
    const whole = files.get('unet/weights.safetensors') ?? new Uint8Array();
    files.set('unet/weights.safetensors', whole.slice(0, whole.length - 100));
    files.set('unet/second.safetensors', whole);
    const { code, details } = await failure(openModel(url));
    expect(code).toBe('truncated');
    expect(details['file']).toBe('unet/weights.safetensors');
    expect(requests).not.toContain('unet/second.safetensors');
  });

  it('when the server fails, without trying the fallback', async () => {
    answers.set('unet/weights.safetensors', (_, response) => response.writeHead(500).end());
    const { code, details } = await failure(openModel(url));
    expect({ code, status: details['status'] }).toEqual({ code: 'http-failed', status: 500 });
    expect(requests).not.toContain('unet/second.safetensors');
  });

  it('when the manifest is a web page', async () => {
    files.set('model.json', utf8('<!doctype html><title>Hello</title>'));
    const { code, details, remedy } = await failure(openModel(url));
    expect({ code, url: details['url'] }).toEqual({ code: 'not-json', url });
    expect(remedy).toContain('web page');
  });

  it('when the manifest is of a later version of Drift', async () => {
    changeManifest({ drift: 2, unet: 'all different' });
    const { code, details, remedy } = await failure(openModel(url));
    expect({ code, version: details['version'] }).toEqual({ code: 'manifest-newer', version: 2 });
    expect(remedy).toContain('Reload');
  });

  it.each([
    ['drift', 0],
    ['drift', '1'],
    ['name', ''],
    ['name', 'long'.repeat(100)],
    ['licence', undefined],
    ['size', 100],
    ['size', 8],
    ['unet', { config: 'unet/config.json', weights: [] }],
    ['vae', { weights: ['vae/weights.safetensors'] }],
    ['scheduler', 7],
    ['imageEncoder', { model: 'clip/image.onnx', size: -8 }],
    ['fixedPrompts', { positive: 'up', negative: [], embeds: 'prompts.safetensors' }],
    ['textEncoder', { model: 'text.onnx', tokenizer: 'tokenizer.json' }],
    ['previewFactors', [1, 2, 3]],
    ['previewFactors', [1, 2, 3, 4, 5, 6, 7]],
    ['defaults', { steps: null }],
  ])('when the manifest has an invalid "%s": %j', async (key, value) => {
    changeManifest({ [key]: value });
    const { code, details } = await failure(openModel(url));
    expect({ code, key: String(details['key']).split('.')[0], url: details['url'] }).toEqual({
      code: 'manifest-invalid',
      key,
      url,
    });
    expect(requests).toEqual(['model.json']);
  });

  it.each([[null], [[]], ['text'], [1]])('when the manifest is %j', async (manifest) => {
    files.set('model.json', utf8(JSON.stringify(manifest)));
    expect((await failure(openModel(url))).code).toBe('manifest-invalid');
  });

  it('when a path in the manifest is an invalid URL', async () => {
    changeManifest({ scheduler: 'http://:no-host:/scheduler.json' });
    const { code, details } = await failure(openModel(url));
    expect({ code, path: details['path'] }).toEqual({
      code: 'manifest-invalid',
      path: 'http://:no-host:/scheduler.json',
    });
  });

  it('when a configuration is unsupported', async () => {
    files.set('vae/config.json', utf8('{"act_fn":"mish"}'));
    const { code, details } = await failure(openModel(url));
    expect(code).toBe('config-unsupported');
    expect(details).toMatchObject({ file: 'vae/config.json', key: 'act_fn' });
  });

  it.each<[string, Uint8Array<ArrayBuffer>]>([
    ['one row too few', prompts(['positive', [1, embeddingWidth]], ['negative', [1, embeddingWidth]])],
    ['one side missing', prompts(['positive', [2, embeddingWidth]])],
    ['sides of different widths', prompts(['positive', [2, embeddingWidth]], ['negative', [1, 4]])],
    ['no rows at all', prompts(['positive', [2 * embeddingWidth]], ['negative', [1, embeddingWidth]])],
    ['another width than the network', prompts(['positive', [2, 4]], ['negative', [1, 4]])],
  ])('when the prompts have %s', async (_, file) => {
    files.set('prompts.safetensors', file);
    const { code, details } = await failure(openModel(url));
    expect({ code, file: details['file'] }).toEqual({ code: 'prompts-invalid', file: 'prompts.safetensors' });
  });

  it('when one part is missing, and cancels the other downloads', async () => {
    const begun = neverEnding('unet/weights.safetensors');
    answers.set('vae/config.json', (_, response) => {
      void begun.sending.then(() => response.writeHead(404).end());
    });
    expect((await failure(openModel(url))).code).toBe('not-found');
    await begun.closed;
  });

  it('on abort, and cancels the downloads', async () => {
    const stop = new AbortController();
    const begun = neverEnding('unet/weights.safetensors');
    const opening = openModel(url, {
      signal: stop.signal,
      onDownload: (part) => {
        if (part === 'UNet') stop.abort();
      },
    });
    await expect(opening).rejects.toSatisfy(isAbort);
    await begun.closed;
  });
});

describe('a model with positive or negative prompts only', () => {
  it.each([
    ['positive', 2],
    ['negative', 1],
  ])('%s', async (side, count) => {
    files.set('prompts.safetensors', prompts([side, [count, embeddingWidth]]));
    const names = { positive: [], negative: [], [side]: Array.from({ length: count }, () => 'word') };
    changeManifest({ fixedPrompts: { ...names, embeds: 'prompts.safetensors' } });
    const { fixedPrompts } = await openModel(url);
    expect(fixedPrompts?.embeds).toHaveLength(count * embeddingWidth);
  });
});

describe('download', () => {
  const at = (path: string) => new URL(path, url).href;

  it('reports a total of 0 when the server does not send the length', async () => {
    answers.set('stream', (_, response) => {
      response.write(new Uint8Array(1000));
      response.end(new Uint8Array(500));
    });
    const reports: [done: number, of: number][] = [];
    const bytes = await download(at('stream'), {
      onProgress: (...report) => {
        reports.push(report);
      },
    });
    expect(bytes).toHaveLength(1500);
    expect(reports.at(-1)).toEqual([1500, 0]);
  });

  it('supports an empty file', async () => {
    files.set('empty', new Uint8Array());
    expect(await download(at('empty'))).toHaveLength(0);
  });

  it('fails when the connection is cut, instead of returning a shorter file', async () => {
    answers.set('cut', (_, response) => {
      response.writeHead(200, { 'Content-Length': 1000 });
      response.write(new Uint8Array(400), () => response.destroy());
    });
    const { code, details } = await failure(download(at('cut')));
    expect({ code, url: details['url'] }).toEqual({ code: 'network', url: at('cut') });
  });

  it('fails when the server closes the connection', async () => {
    answers.set('gone', (request) => request.destroy());
    expect((await failure(download(at('gone')))).code).toBe('network');
  });

  it.each([
    [404, 'not-found'],
    [410, 'not-found'],
    [403, 'http-failed'],
    [503, 'http-failed'],
  ])('answered with %i is "%s"', async (status, expected) => {
    answers.set('refused', (_, response) => response.writeHead(status).end('sorry'));
    const { code, details } = await failure(download(at('refused')));
    expect({ code, ...details }).toEqual({ code: expected, url: at('refused'), status });
  });

  it('rejects a file too large for memory before reading it', async () => {
    answers.set('large', (_, response) => {
      response.writeHead(200, { 'Content-Length': longestDownload + 1 });
      response.write(new Uint8Array(10));
    });
    const reports: number[] = [];
    const { code } = await failure(
      download(at('large'), {
        onProgress: (done) => {
          reports.push(done);
        },
      }),
    );
    expect({ code, reports }).toEqual({ code: 'too-large', reports: [] });
  });

  it('requests nothing when aborted before it begins', async () => {
    await expect(download(at('model.json'), { signal: AbortSignal.abort() })).rejects.toSatisfy(isAbort);
    expect(requests).toEqual([]);
  });

  it('rejects with the abort reason while waiting for the server', async () => {
    const stop = new AbortController();
    answers.set('slow', () => {
      stop.abort(new Error('enough'));
    });
    await expect(download(at('slow'), { signal: stop.signal })).rejects.toThrow('enough');
  });

  it('downloadJson() accepts UTF-8 with a byte order mark, and rejects other encodings', async () => {
    files.set('marked', utf8('\ufeff{"a":"ü"}'));
    expect(await downloadJson(at('marked'))).toEqual({ a: 'ü' });
    files.set('latin', Uint8Array.of(0x22, 0xfc, 0x22));
    expect((await failure(downloadJson(at('latin')))).code).toBe('not-json');
  });
});
