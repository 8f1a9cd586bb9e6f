import { createHash } from 'node:crypto';
import { readFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openCheckpoint } from '../../../../src/models/checkpoint/index.ts';
import {
  parseSchedulerConfig,
  parseUnetConfig,
  parseVaeConfig,
} from '../../../../src/models/config/index.ts';
import { compileContext, compileUnet, compileVaeDecoder } from '../../../../src/models/onnx/index.ts';
import { openTokenizer } from '../../../../src/models/tokenizer.ts';
import type { ByteSource } from '../../../../src/models/types.ts';
import { createCpuCompute } from '../../../../src/compute/index.ts';
import type { Session, TokenTensor } from '../../../../src/runtime/index.ts';
import { main } from '../../../../tools/full-model.ts';
import {
  clipRepository,
  diffusionRepository,
  imageVariations,
  modelShapes,
} from '../../../../tools/full-model/model.ts';
import { openCpuRuntime } from '../../../support/cpu-runtime.ts';
import { startHub } from '../../../support/hub/index.ts';
import { published } from '../../../support/hub/published.ts';
import { randomValues } from '../../../support/reference/parameters.ts';
import { runDecoder, runUnet } from '../../models/onnx/support.ts';
import { stableDiffusionUnet, stableDiffusionVae } from '../../../support/stable-diffusion.ts';
import { kernelsFor } from '../../../support/kernels.ts';

const small = imageVariations('small');
const file = (path: string, files = small): ByteSource => {
  const found = files.get(path);
  if (!found) throw new Error(`there is no ${path}`);
  return found;
};
const bytesOf = (source: ByteSource) => source.read(0, source.size);
const jsonOf = async (path: string): Promise<unknown> =>
  JSON.parse(new TextDecoder().decode(await bytesOf(file(path))));
const diffusion = (path: string) => `${diffusionRepository}/${path}`;
const clip = (path: string) => `${clipRepository}/${path}`;

/** Root mean square. */
const magnitude = (values: Float32Array) =>
  Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);

describe('the small model', () => {
  it('is below 2 MB and reproducible byte for byte', async () => {
    const hash = createHash('sha256');
    let size = 0;
    for (const [path, source] of [...small].sort(([a], [b]) => (a < b ? -1 : 1))) {
      hash.update(path).update(await bytesOf(source));
      size += source.size;
    }
    expect(size).toBeLessThan(2e6);
    expect(hash.digest('hex')).toBe('3a28c9a34e224af0c63c4633c95d3b1caecd7a9ddee4e2c2e0cbe963205c0bc9');
  });

  it('has the same tensors in both formats', async () => {
    for (const part of ['unet', 'vae']) {
      const [first, second] = await Promise.all(
        ['safetensors', 'bin'].map((ending) =>
          openCheckpoint(file(diffusion(`${part}/diffusion_pytorch_model.${ending}`))),
        ),
      );
      expect(new Map(first?.tensors)).toEqual(new Map(second?.tensors));
      for (const name of first?.tensors.keys() ?? []) {
        expect(await first?.read(name)).toEqual(await second?.read(name));
      }
    }
  });

  it('has networks with bounded outputs', async () => {
    const size = { height: 8, width: 8 };
    const unet = await openCheckpoint(file(diffusion('unet/diffusion_pytorch_model.bin')));
    const vae = await openCheckpoint(file(diffusion('vae/diffusion_pytorch_model.bin')));
    const noise = await runUnet(modelShapes.small.unet, unet, {
      size,
      samples: [randomValues(1, 256)],
      embeds: [randomValues(2, 16)],
      timestep: 500,
    });
    expect(magnitude(noise)).toBeGreaterThan(0.1);
    expect(magnitude(noise)).toBeLessThan(10);
    const image = await runDecoder(modelShapes.small.vae, vae, size, [randomValues(1, 256)]);
    expect(magnitude(image)).toBeGreaterThan(0.1);
    expect(magnitude(image)).toBeLessThan(10);
  });

  it('has configurations that Drift can parse', async () => {
    const unet = parseUnetConfig('unet', await jsonOf(diffusion('unet/config.json')));
    expect(unet).toEqual(parseUnetConfig('unet', modelShapes.small.unet));
    expect(parseVaeConfig('vae', await jsonOf(diffusion('vae/config.json'))).latentScale).toBe(8);
    const path = 'scheduler/scheduler_config.json';
    expect(parseSchedulerConfig(path, await jsonOf(diffusion(path)))).toMatchObject({
      betaStart: 0.00085,
      betaEnd: 0.012,
      prediction: 'epsilon',
    });
  });
});

describe("the small model's CLIP", async () => {
  const runtime = await openCpuRuntime();
  const compute = createCpuCompute();
  const tokenize = await openTokenizer(
    await jsonOf(clip('tokenizer.json')),
    await jsonOf(clip('tokenizer_config.json')),
    77,
  );
  const open = async (path: string) =>
    runtime.createSession(path, { graph: await bytesOf(file(clip(path))), weights: [] });
  const vision = await open('onnx/vision_model_fp16.onnx');
  const text = await open('onnx/text_model_fp16.onnx');

  const run = async (
    session: Session,
    inputs: Parameters<Session['run']>[0],
    output: string,
  ): Promise<Float32Array> => {
    const { [output]: result } = await session.run(inputs);
    if (!result) throw new Error(`there is no ${output}`);
    const [values] = await compute.read([result]);
    if (!(values instanceof Float32Array)) throw new Error('floats were expected');
    return values;
  };
  const embedText = (prompts: readonly string[]) => {
    const { dims, ids } = tokenize(prompts);
    const input: TokenTensor = { device: 'memory', type: 'int64', dims, data: ids };
    return run(text, { input_ids: input }, 'text_embeds');
  };

  it('has the inputs and outputs of the real one', () => {
    const ports = ({ inputs, outputs }: Session) =>
      [...inputs, ...outputs].map(({ name, type, dims }) => `${name} ${type} ${JSON.stringify(dims)}`);
    expect(ports(vision)).toEqual([
      'pixel_values float32 [null,3,224,224]',
      'image_embeds float32 [null,16]',
    ]);
    expect(ports(text)).toEqual(['input_ids int64 [null,null]', 'text_embeds float32 [null,16]']);
  });

  it('embeds pictures independently of the batch', async () => {
    const pixels = randomValues(1, 2 * 3 * 224 * 224);
    const half = pixels.length / 2;
    const embed = (data: Float32Array<ArrayBuffer>, batch: number) =>
      run(vision, { pixel_values: compute.upload(data, [batch, 3, 224, 224]) }, 'image_embeds');
    const both = await embed(pixels, 2);
    const second = await embed(pixels.slice(half), 1);
    expect(magnitude(second)).toBeGreaterThan(0.1);
    for (const [index, value] of second.entries()) expect(both[16 + index]).toBeCloseTo(value, 2);
    expect(magnitude(both.map((value, index) => value - (both[(index + 16) % 32] ?? 0)))).toBeGreaterThan(
      0.01,
    );
  });

  it('embeds any prompts, independently of the batch and of padding', async () => {
    const prompts = ['a', 'realistic HD photograph', 'Größe 3 ✓!'];
    const together = await embedText(prompts);
    for (const [row, prompt] of prompts.entries()) {
      const alone = await embedText([prompt]);
      for (const [index, value] of alone.entries()) expect(together[16 * row + index]).toBeCloseTo(value, 2);
    }
    const [first, second] = [together.slice(0, 16), together.slice(16, 32)];
    expect(magnitude(first.map((value, index) => value - (second[index] ?? 0)))).toBeGreaterThan(0.01);
  });

  it('has a tokenizer that merges letters', () => {
    const { dims, ids } = tokenize(['at the sea']);
    // Token ids of: start, at, th-e, s-ea, end.
    expect(dims).toEqual([1, 7]);
    expect(ids[0]).toBe(1022n);
    expect(ids.at(-1)).toBe(1023n);
  });
});

describe('the full model', () => {
  const full = imageVariations('full');

  it('has files as large as the real ones', () => {
    const size = (path: string) => file(path, full).size;
    expect(size(diffusion('unet/diffusion_pytorch_model.safetensors')) / 1e9).toBeCloseTo(3.438, 3);
    expect(size(diffusion('unet/diffusion_pytorch_model.bin')) / 1e9).toBeCloseTo(3.438, 3);
    expect(size(diffusion('vae/diffusion_pytorch_model.safetensors')) / 1e6).toBeCloseTo(334.6, 0);
    expect(size(clip('onnx/vision_model_fp16.onnx')) / 1e6).toBeCloseTo(608, -1);
    expect(size(clip('onnx/text_model_fp16.onnx')) / 1e6).toBeCloseTo(248, -1);
    expect([...full.keys()]).toEqual([...small.keys()]);
  });

  it('compiles', async () => {
    const unet = await openCheckpoint(file(diffusion('unet/diffusion_pytorch_model.safetensors'), full));
    const vae = await openCheckpoint(file(diffusion('vae/diffusion_pytorch_model.safetensors'), full));
    const size = { height: 64, width: 64 };
    const unetConfig = parseUnetConfig('unet/config.json', stableDiffusionUnet);
    const plans = [
      compileContext(unetConfig, unet, 'float16').plan,
      compileUnet(unetConfig, unet, 'float16', size, kernelsFor(Infinity)).plan,
      compileVaeDecoder(parseVaeConfig('vae/config.json', stableDiffusionVae), vae, 'float16', size).plan,
    ];
    const bytes = plans.reduce((sum, { byteLength }) => sum + byteLength, 0);
    expect(bytes / 1e9).toBeCloseTo(1.675 + 0.099, 2);
  });

  it('has a tokenizer with as many entries as the real one', async () => {
    const text = new TextDecoder().decode(await bytesOf(file(clip('tokenizer.json'), full)));
    const schema = v.object({ model: v.object({ vocab: v.record(v.string(), v.number()) }) });
    expect(Object.keys(v.parse(schema, JSON.parse(text)).model.vocab)).toHaveLength(49408);
  });
});

describe('the command', () => {
  beforeEach(() => {
    vi.spyOn(console, 'log').mockReturnValue(undefined);
    vi.spyOn(console, 'error').mockReturnValue(undefined);
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it('writes the requested size and format', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'drift-full-model-'));
    try {
      expect(await main(['--out', folder, '--size', 'small', '--format', 'bin'])).toBe(0);
      const path = diffusion('unet/diffusion_pytorch_model.bin');
      expect(new Uint8Array(await readFile(join(folder, path)))).toEqual(await bytesOf(file(path)));
      await expect(readFile(join(folder, path.replace('.bin', '.safetensors')))).rejects.toThrow();
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it.each([
    [['--size', 'small']],
    [['--out', 'x', '--size', 'medium']],
    [['--out', 'x', '--format', 'onnx']],
  ])('rejects %j', async (args) => {
    expect(await main(args)).toBe(2);
  });
});

describe('on the hub', () => {
  it('has safetensors at one commit only', async () => {
    const hub = await startHub(published(small));
    try {
      const status = async (revision: string, path: string) => {
        const url = `${hub.url}/${diffusionRepository}/resolve/${revision}/unet/${path}`;
        return (await fetch(url, { method: 'HEAD' })).status;
      };
      const commit = '17e2bedc1469eab4446e3e2c0219b9e868bf0473';
      for (const revision of ['main', 'v2.0']) {
        expect(await status(revision, 'diffusion_pytorch_model.safetensors')).toBe(404);
        expect(await status(revision, 'diffusion_pytorch_model.bin')).toBe(200);
      }
      expect(await status(commit, 'diffusion_pytorch_model.safetensors')).toBe(200);
    } finally {
      await hub.close();
    }
  });
});
