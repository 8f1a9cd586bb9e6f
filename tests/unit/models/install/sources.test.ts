import { describe, expect, it } from 'vitest';
import {
  folderSource,
  hubSource,
  install,
  manifestSource,
  parseModelSource,
  planInstall,
  stableDiffusionVariations,
} from '../../../../src/models/index.ts';
import type { LocalFolder } from '../../../../src/models/index.ts';
import { memorySource } from '../../../../src/models/source.ts';
import { utf8 } from '../../../support/bytes.ts';
import { failure } from '../../../support/failure.ts';
import { MemoryFiles } from '../../../support/install/memory-files.ts';
import { base, tinyWeb } from '../../../support/install/tiny-source.ts';
import { FakeWeb } from '../../../support/install/web.ts';
import { shardsOf } from '../../../support/safetensors-file.ts';
import { tinyModelFiles } from '../../../support/tiny-model.ts';

function folderOf(files: ReadonlyMap<string, Uint8Array>): LocalFolder {
  return {
    name: 'My tiny model',
    names: [...files.keys()],
    open: (name) => {
      const bytes = files.get(name);
      return Promise.resolve(bytes ? memorySource(name, bytes) : null);
    },
  };
}

/** The tiny model in the layout of diffusers, without a manifest. */
function inDiffusersLayout(): Map<string, Uint8Array<ArrayBuffer>> {
  const names: Record<string, string> = {
    'unet/weights.safetensors': 'unet/diffusion_pytorch_model.safetensors',
    'vae/weights.safetensors': 'vae/diffusion_pytorch_model.safetensors',
    'scheduler.json': 'scheduler/scheduler_config.json',
    'clip/image.onnx': 'image_encoder/model.onnx',
  };
  const files = [...tinyModelFiles()].filter(([name]) => name !== 'model.json');
  return new Map(files.map(([name, bytes]) => [names[name] ?? name, bytes]));
}

describe('model source', () => {
  it('of Stable Diffusion is valid, pinned to a commit, with the release as fallback', () => {
    expect(parseModelSource(stableDiffusionVariations)).toEqual(stableDiffusionVariations);
    const [first, second] = stableDiffusionVariations.unet.weights;
    expect(first).toMatch(/resolve\/[0-9a-f]{40}\/unet\/diffusion_pytorch_model\.safetensors$/);
    expect(second).toMatch(/resolve\/v2\.0\/unet\/diffusion_pytorch_model\.bin$/);
  });

  it('is rejected by the invalid key', () => {
    const call = () => parseModelSource({ ...stableDiffusionVariations, id: '../elsewhere' });
    expect(call).toThrow(expect.objectContaining({ code: 'source-invalid', details: { key: 'id' } }));
  });

  it('can be a repository of the hub, with the CLIP encoders from another', async () => {
    const web = new FakeWeb();
    const at = (path: string) => `${base}someone/tiny/resolve/main/${path}`;
    for (const [path, bytes] of inDiffusersLayout()) {
      if (!path.startsWith('image_encoder')) web.put(at(path), bytes);
    }
    const source = await hubSource('someone/tiny', { base, fetch: web.fetch });
    const tower = tinyModelFiles().get('clip/image.onnx') ?? new Uint8Array(0);
    for (const address of [
      ...source.imageEncoder.model.slice(-1),
      ...Object.values(source.textEncoder ?? {}).flatMap((each) => (typeof each === 'number' ? [] : each)),
    ]) {
      const bytes = address.endsWith('.onnx') ? tower : new TextEncoder().encode('{}');
      web.put(base + address, bytes);
    }
    const plan = await planInstall(source, { base, fetch: web.fetch });
    expect(plan.parts.find(({ part }) => part === 'UNet')?.url).toBe(
      at('unet/diffusion_pytorch_model.safetensors'),
    );
    expect(plan.parts.find(({ part }) => part === 'image encoder')?.url).toContain('Xenova/');
    expect((await failure(hubSource('../../etc', { base, fetch: web.fetch }))).code).toBe('source-invalid');
  });

  it.each([
    ['license: mit', 'mit', 'someone/tiny'],
    ['license: other\nlicense_link: LICENSE.md', 'other', 'someone/tiny/blob/main/LICENSE.md'],
    ['license: mit\nlicense_link: https://law.example/mit', 'mit', 'https://law.example/mit'],
    ['license: mit\nlicense_link: javascript:alert(1)', 'mit', 'someone/tiny'],
    ['tags: [a]', 'Not known: see where the model comes from', 'someone/tiny'],
  ])('has the licence of its repository: %j', async (front, licence, link) => {
    const web = new FakeWeb();
    const card = `---\n${front}\n---\n${'Words. '.repeat(20_000)}`;
    web.put(`${base}someone/tiny/resolve/main/README.md`, new TextEncoder().encode(card));
    const source = await hubSource('someone/tiny', { base, fetch: web.fetch });
    expect(source).toMatchObject({
      licence,
      licenceUrl: new URL(link, base).href,
      page: `${base}someone/tiny`,
      origin: { kind: 'hub', repository: 'someone/tiny' },
    });
    expect(web.sent(), 'only the beginning of a long README.md is read').toBe(2 ** 16);
  });

  it('has an unknown licence without a README.md, and fails when offline', async () => {
    const web = new FakeWeb();
    const options = { base, fetch: web.fetch, wait: () => Promise.resolve() };
    expect(await hubSource('someone/tiny', options)).toMatchObject({
      licence: 'Not known: see where the model comes from',
      licenceUrl: `${base}someone/tiny`,
    });
    web.put(`${base}someone/tiny/resolve/main/README.md`, new Uint8Array(1));
    web.fault = () => {
      throw new TypeError('offline');
    };
    expect((await failure(hubSource('someone/tiny', options))).code).toBe('network');
  });

  it('can be a manifest, with file paths relative to it', async () => {
    const { web } = tinyWeb();
    const url = `${base}tiny/model.json`;
    const source = await manifestSource(url, { fetch: web.fetch });
    expect(source).toMatchObject({
      id: 'hub.test-tiny',
      name: 'Tiny',
      imageEncoder: { size: 8 },
      origin: { kind: 'manifest', url },
    });
    const files = new MemoryFiles();
    await install(source, files, { fetch: web.fetch });
    expect(await files.list()).toEqual(['hub.test-tiny']);
    const missing = manifestSource(`${base}none/model.json`, { fetch: web.fetch });
    expect((await failure(missing)).code).toBe('not-found');
  });

  it.each([
    ['with a manifest', tinyModelFiles()],
    ['in the layout of diffusers', inDiffusersLayout()],
  ])('can be a folder %s', async (_, content) => {
    const folder = folderOf(content);
    const source = await folderSource(folder);
    expect(source.id, 'cannot clash with an id from the web').toBe('folder-My-tiny-model');
    const files = new MemoryFiles();
    const nobody: typeof fetch = () => Promise.reject(new Error('a folder is not on the web'));
    await install(source, files, { folder, fetch: nobody });
    expect((await files.files(source.id)).map(({ name }) => name)).toContain(
      'unet/diffusion_pytorch_model.safetensors',
    );
  });

  describe('with weights in another file layout', () => {
    const whole = 'unet/diffusion_pytorch_model.safetensors';

    /** The tiny model with the UNet's weight file replaced. */
    function withWeights(files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>) {
      const model = inDiffusersLayout();
      model.delete(whole);
      for (const [name, bytes] of files) model.set(`unet/${name}`, bytes);
      return model;
    }

    const weights = inDiffusersLayout().get(whole) ?? new Uint8Array(0);
    const variants: readonly (readonly [string, ReadonlyMap<string, Uint8Array<ArrayBuffer>>])[] = [
      ['as fp16', new Map([['diffusion_pytorch_model.fp16.safetensors', weights]])],
      ['in three files', shardsOf(weights, 3)],
      ['as fp16 in two files', shardsOf(weights, 2, 'fp16')],
    ];

    async function installed(content: ReadonlyMap<string, Uint8Array>): Promise<ReadonlyMap<string, string>> {
      const folder = folderOf(content);
      const source = await folderSource(folder);
      const files = new MemoryFiles();
      // Chunks that extend beyond the end of a file.
      await install(source, files, { folder, chunkLength: 1000 });
      return files.contents(source.id);
    }

    it.each(variants)('is the same from a folder: %s', async (_, files) => {
      expect(await installed(withWeights(files))).toEqual(await installed(inDiffusersLayout()));
    });

    it.each(variants)('is the same from the web: %s', async (_, files) => {
      const contents = async (model: ReadonlyMap<string, Uint8Array<ArrayBuffer>>) => {
        const web = new FakeWeb();
        for (const [path, bytes] of model) web.put(`${base}someone/tiny/resolve/main/${path}`, bytes);
        const found = await hubSource('someone/tiny', { base, fetch: web.fetch });
        const source = { ...found, textEncoder: undefined };
        const into = new MemoryFiles();
        await install(source, into, { base, fetch: web.fetch, chunkLength: 1000 });
        return into.contents(source.id);
      };
      expect(await contents(withWeights(files))).toEqual(await contents(inDiffusersLayout()));
    });

    it.each(variants)('is the same from a folder with a model.json: %s', async (_, files) => {
      const contentOf = (named: ReadonlyMap<string, Uint8Array<ArrayBuffer>>) => {
        const content = tinyModelFiles();
        content.delete('unet/weights.safetensors');
        for (const [name, bytes] of named) content.set(`unet/${name}`, bytes);
        const names = [...named.keys()];
        const entry = names.find((name) => name.includes('.index.')) ?? names[0] ?? '';
        const manifest = Buffer.from(content.get('model.json') ?? []).toString();
        expect(manifest).toContain('unet/weights.safetensors');
        content.set('model.json', utf8(manifest.replace('unet/weights.safetensors', `unet/${entry}`)));
        return content;
      };
      const plain = new Map([['diffusion_pytorch_model.safetensors', weights]]);
      expect(await installed(contentOf(files))).toEqual(await installed(contentOf(plain)));
    });

    it('is rejected with the reason when a shard is missing, truncated or a duplicate', async () => {
      const refusal = async (change: (files: Map<string, Uint8Array<ArrayBuffer>>) => void) => {
        const files = shardsOf(weights, 2);
        change(files);
        return failure(installed(withWeights(files)));
      };
      const [first = '', second = '', index = ''] = shardsOf(weights, 2).keys();
      expect(await refusal((files) => files.delete(second))).toMatchObject({
        code: 'shard-missing',
        details: { file: second },
      });
      const cut = (file: string) => (files: Map<string, Uint8Array<ArrayBuffer>>) =>
        files.set(file, files.get(file)?.slice(0, -1) ?? new Uint8Array(0));
      expect((await refusal(cut(first))).code).toBe('truncated');
      const twice = await refusal((files) => files.set(second, files.get(first) ?? new Uint8Array(0)));
      expect(twice.code).toBe('duplicate-name');
      for (const map of [{}, { a: '../../elsewhere.safetensors' }, { a: 'https://x.test/a.safetensors' }]) {
        const odd = await refusal((files) =>
          files.set(index, new TextEncoder().encode(JSON.stringify({ weight_map: map }))),
        );
        expect(odd.code).toBe('shard-index-damaged');
      }
    });
  });

  it('rejects a folder without a model', async () => {
    const folder = folderOf(new Map([['notes.txt', new Uint8Array(3)]]));
    expect((await failure(folderSource(folder))).code).toBe('not-found');
  });
});
