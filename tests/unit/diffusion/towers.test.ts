import { afterEach, describe, expect, it } from 'vitest';
import { ModelError } from '../../../src/base/index.ts';
import { createCpuCompute } from '../../../src/compute/index.ts';
import { Pipeline } from '../../../src/diffusion/index.ts';
import { createModel, targetFor } from '../../../src/models/index.ts';
import { encodeModel } from '../../../src/models/onnx/proto.ts';
import type { OnnxModel } from '../../../src/runtime/index.ts';
import { openCpuRuntime } from '../../support/cpu-runtime.ts';
import { failure } from '../../support/failure.ts';
import { embeddingWidth, tinyModelParts } from '../../support/tiny-model.ts';

const runtime = await openCpuRuntime();
const model = createModel(await tinyModelParts(), targetFor('float32', false));

interface Tower {
  readonly type: 'float16' | 'float32';
  readonly side: number | string;
  readonly width: number;
}

/** Image tower that embeds a picture as the means of its channels, padded with zeros to the given width. */
function imageTower({ type, side, width }: Tower): OnnxModel {
  const node = { domain: '', attributes: [] };
  const zeros = new Uint8Array(4 * 3 * width);
  const graph = encodeModel({
    name: 'tower',
    nodes: [
      {
        ...node,
        operator: 'Cast',
        name: 'c',
        inputs: ['pixel_values'],
        outputs: ['wide'],
        attributes: [{ name: 'to', int: 1 }],
      },
      { ...node, operator: 'GlobalAveragePool', name: 'm', inputs: ['wide'], outputs: ['means'] },
      { ...node, operator: 'Flatten', name: 'f', inputs: ['means'], outputs: ['flat'] },
      { ...node, operator: 'MatMul', name: 'e', inputs: ['flat', 'weight'], outputs: ['image_embeds'] },
    ],
    initializers: [{ name: 'weight', type: 'float32', dims: [3, width], content: { inline: zeros } }],
    inputs: [{ name: 'pixel_values', type, dims: ['batch', 3, side, side] }],
    outputs: [{ name: 'image_embeds', type: 'float32', dims: ['batch', width] }],
  });
  return { graph, weights: [] };
}

const fitting: Tower = { type: 'float32', side: model.clipSize, width: embeddingWidth };

function pipelineWith(tower: Tower): Pipeline {
  const imageEncoder = () => Promise.resolve(imageTower(tower));
  return new Pipeline(createCpuCompute(), runtime, { ...model, imageEncoder });
}

afterEach(() => {
  expect(runtime.liveSessions).toBe(0);
});

describe('an image encoder', () => {
  it.each<[string, Tower, string, Record<string, unknown>, RegExp]>([
    [
      'of another size than the manifest says',
      { ...fitting, side: 16 },
      'image-size',
      { found: 16, expected: 8 },
      /16/,
    ],
    [
      'of another width than the UNet',
      { ...fitting, width: 20 },
      'embedding-width',
      { network: 'image encoder', found: 20, expected: embeddingWidth },
      /belong/,
    ],
  ])('%s is rejected when the model is loaded', async (_, tower, code, details, remedy) => {
    const pipeline = pipelineWith(tower);
    const error = await failure(pipeline.prepare(8, 8));
    expect(error).toBeInstanceOf(ModelError);
    expect(error).toMatchObject({ code, details });
    expect(error.remedy).toMatch(remedy);
    await pipeline.release();
  });

  it('with a dynamic picture size takes the size of the manifest', async () => {
    const pipeline = pipelineWith({ ...fitting, side: 'side' });
    await pipeline.prepare(8, 8);
    await pipeline.release();
  });
});
