import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { attributes } from '../../../../tools/builtin-model/measure/attribute-reader.ts';
import { LinearReader } from '../../../../tools/builtin-model/measure/linear-reader.ts';
import { attributeWords } from '../../../../tools/builtin-model/worlds/captions.ts';
import { safetensorsFile } from '../../../support/safetensors-file.ts';

const float32 = (name: string, shape: readonly number[], values: Float32Array<ArrayBuffer>) => ({
  name,
  dtype: 'F32',
  shape,
  data: new Uint8Array(values.buffer),
});

/** File of heads in which the n-th value of an attribute has the n-th axis as its direction. */
async function axes(change: (name: string, dims: number[]) => number[] = (_, dims) => dims): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'drift-reader-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const width = 16;
  const tensors = attributes.flatMap((attribute) => {
    const count = Object.keys(attributeWords[attribute]).length;
    const weight = change(`${attribute}.weight`, [count, width]);
    const values = new Float32Array((weight[0] ?? 0) * width);
    for (let row = 0; row < (weight[0] ?? 0); row++) values[row * width + row] = 1;
    const bias = change(`${attribute}.bias`, [count]);
    return [
      float32(`${attribute}.weight`, weight, values),
      float32(`${attribute}.bias`, bias, new Float32Array(bias[0] ?? 0)),
    ];
  });
  const file = join(folder, 'reader.safetensors');
  await writeFile(file, safetensorsFile(tensors));
  return file;
}

describe('LinearReader', () => {
  it('reads the value whose head points along the embedding', async () => {
    const reader = await LinearReader.open(await axes());
    for (const attribute of attributes) {
      for (const [axis, value] of Object.keys(attributeWords[attribute]).entries()) {
        const embedding = new Float32Array(16);
        embedding[axis] = 1;
        expect(reader.read(embedding, attribute)).toBe(value);
      }
    }
  });

  it('refuses heads of other values than the generator has', async () => {
    const file = await axes((name, dims) => (name.startsWith('season.') ? [3, ...dims.slice(1)] : dims));
    await expect(LinearReader.open(file)).rejects.toThrow(
      /3 values of season, the generator 4: run reader\.py/,
    );
  });

  it('the weights in the repository are of the generator’s attributes', async () => {
    await expect(LinearReader.open()).resolves.toBeInstanceOf(LinearReader);
  });
});
