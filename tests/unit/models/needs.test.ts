import { describe, expect, it } from 'vitest';
import { parseSchedulerConfig, parseUnetConfig, parseVaeConfig } from '../../../src/models/config/index.ts';
import { createModel, targetFor } from '../../../src/models/index.ts';
import { needsOf } from '../../../src/models/needs.ts';
import { compileVaeDecoder } from '../../../src/models/onnx/index.ts';
import { peakBytes } from '../../../src/models/onnx/lifetimes.ts';
import { referenceUnet } from '../../support/reference/unet.ts';
import { referenceVae } from '../../support/reference/vae.ts';
import { stableDiffusionUnet, stableDiffusionVae } from '../../support/stable-diffusion.ts';

const headers = {
  unet: {
    config: parseUnetConfig('unet/config.json', stableDiffusionUnet),
    checkpoint: referenceUnet(stableDiffusionUnet).parameters.header(),
  },
  vae: {
    config: parseVaeConfig('vae/config.json', stableDiffusionVae),
    checkpoint: referenceVae(stableDiffusionVae, true).parameters.header(),
  },
};
const towers = { image: 609e6, text: 248e6 };

/** Memory that Stable Diffusion needs on a device with these limits. */
function needs(
  { type = 'float16', software = false, processor = false }: Partial<Demand> = {},
  buffer = 2 ** 31,
  binding = 2 ** 31,
  picture = { width: 512, height: 512 },
) {
  const limits = { maxBufferSize: buffer, maxStorageBufferBindingSize: binding };
  const target = targetFor(type, software, processor ? null : limits);
  return needsOf({ name: 'The model', headers, towers, picture }, { ...target, processor });
}
interface Demand {
  readonly type: 'float16' | 'float32';
  readonly software: boolean;
  readonly processor: boolean;
}

/** Error of loading the model on such a device. */
function refusalOfLoading(software: boolean, binding: number): unknown {
  const parts = {
    unet: { ...headers.unet, checkpoint: unread(headers.unet.checkpoint) },
    vae: { ...headers.vae, checkpoint: unread(headers.vae.checkpoint) },
    scheduler: parseSchedulerConfig('scheduler.json', {}),
    imageEncoder: { model: () => Promise.reject(new Error('not read')), size: 224 },
  };
  const limits = { maxBufferSize: 2 ** 31, maxStorageBufferBindingSize: binding };
  const model = createModel(parts, targetFor('float16', software, limits));
  try {
    model.checkLimits('UNet', { width: 64, height: 64 }, 2);
    model.decoderTile({ width: 64, height: 64 }, 1);
    return null;
  } catch (error) {
    return error;
  }
}
function unread<T>(header: T) {
  return { ...header, read: () => Promise.reject(new Error('no weight is read')) };
}

describe('needsOf', () => {
  it('includes the weights in the type of the device, and the values of the networks', () => {
    const [half, single] = [needs(), needs({ type: 'float32' })];
    const compiled = half.memory - towers.image - towers.text;
    // UNet and decoder have 877 million weights; activations add some hundred MB.
    expect(compiled).toBeGreaterThan(877e6 * 2);
    expect(compiled).toBeLessThan(877e6 * 2 + 800e6);
    expect(single.memory - towers.image - towers.text).toBeGreaterThan(1.99 * compiled);
    expect([half.problem, half.largestSide]).toEqual([null, null]);
  });

  it('is lower in low-memory mode, where the UNet is the largest stage', () => {
    const { memory, lowMemory } = needs();
    const decoder = compileVaeDecoder(headers.vae.config, headers.vae.checkpoint, 'float16', {
      width: 64,
      height: 64,
    });
    expect(memory - lowMemory).toBe(towers.image + towers.text + decoder.plan.byteLength);
  });

  it('is higher without fused attention, whose scores are values', () => {
    expect(needs({ software: true }).memory - needs().memory).toBeGreaterThan(2 * 8 * 4096 ** 2 * 2);
  });

  it('fits the default limits of WebGPU at 512×512', () => {
    for (const software of [false, true]) {
      for (const type of ['float16', 'float32'] as const) {
        const { problem } = needs({ software, type }, 2 ** 28, 2 ** 27);
        expect(problem).toBeNull();
      }
    }
  });

  it.each([
    ['a value', true, 2 ** 26],
    ['a weight', false, 2 ** 20],
    ['nothing', false, 2 ** 30],
  ])('reports the same error as loading the model: %s is too large', (_, software, binding) => {
    const { problem } = needs({ software }, 2 ** 31, binding);
    expect(problem).toEqual(refusalOfLoading(software, binding));
  });

  it('is lower when pictures are decoded in tiles', () => {
    // The decoder's last level, upsampled before its 256 channels are halved; the limit is one byte too small.
    const tight = needs({}, 2 ** 31, 256 * 512 ** 2 * 2 - 1);
    expect(tight.problem).toBeNull();
    expect(needs().memory - tight.memory).toBeGreaterThan(100e6);
  });

  it('gives the largest picture that fits when only the values are too large', () => {
    // The UNet's first feed-forward layer with two rows; the decoder would fit in tiles.
    const largest = (side: number) => 2 * (side / 8) ** 2 * (8 * 320) * 2;
    const large = { width: 1024, height: 1024 };
    const { problem, largestSide } = needs({}, 2 ** 31, largest(768), large);
    expect([problem?.details['network'], largestSide]).toEqual(['UNet', 768]);
    expect(needs({}, 2 ** 31, largest(768) - 1, large).largestSide).toBe(704);
    expect(needs({}, 2 ** 31, 2 ** 20).largestSide, 'weights do not depend on the picture size').toBeNull();
  });

  it('requires a GPU for a model too large for the CPU', () => {
    expect(needs({ type: 'float32', processor: true }).problem).toMatchObject({
      code: 'needs-gpu',
      message: 'The model is too large for the processor: it needs a GPU.',
    });
  });
});

describe('peakBytes', () => {
  const node = (operator: string, inputs: string[], output: string) => ({
    operator,
    domain: '',
    name: output,
    inputs,
    outputs: [output],
    attributes: [],
  });
  const output = [{ name: 'e', type: 'float16', dims: [1] }] as const;
  const sizes = new Map(
    Object.entries({ a: 10, b: 20, view: 20, c: 5, d: 7, e: 1 }).map(([name, bytes]) => [
      name,
      { operator: '', dims: [bytes], bytes, scratch: 0 },
    ]),
  );

  it('counts the values still to be read, and no views', () => {
    const nodes = [
      node('Relu', ['in'], 'a'),
      node('Relu', ['a'], 'b'),
      node('Reshape', ['b', 'shape'], 'view'),
      node('Relu', ['view'], 'c'),
      node('Relu', ['c'], 'd'),
      node('Add', ['d', 'a'], 'e'),
    ];
    // While c is computed, a (used at the end) and b (aliased by a view) are live too.
    expect(peakBytes({ nodes, outputs: output }, sizes)).toBe(10 + 20 + 5);
    // If the end uses c instead, a is dead by then; the peak is a and b.
    const without = [...nodes.slice(0, -1), node('Add', ['d', 'c'], 'e')];
    expect(peakBytes({ nodes: without, outputs: output }, sizes)).toBe(10 + 20);
  });
});
