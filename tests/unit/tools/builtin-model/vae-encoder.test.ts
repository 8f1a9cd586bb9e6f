import { describe, expect, it } from 'vitest';
import { createCpuCompute } from '../../../../src/compute/index.ts';
import { parseVaeConfig } from '../../../../src/models/config/index.ts';
import { packWeights } from '../../../../src/models/pack.ts';
import { cpuKernels } from '../../../../src/models/onnx/index.ts';
import { compileVaeEncoder } from '../../../../tools/builtin-model/measure/vae-encoder.ts';
import { openCpuRuntime } from '../../../support/cpu-runtime.ts';
import { randomValues } from '../../../support/reference/parameters.ts';
import { referenceVae } from '../../../support/reference/vae.ts';
import type { VaeJson } from '../../../support/reference/vae.ts';
import { relativeError } from '../../compute/support.ts';

const runtime = await openCpuRuntime();
const compute = createCpuCompute();

/** Two levels, the second wider. */
const small: VaeJson = {
  in_channels: 3,
  out_channels: 3,
  latent_channels: 4,
  block_out_channels: [8, 16],
  layers_per_block: 2,
  norm_num_groups: 4,
  down_block_types: ['DownEncoderBlock2D', 'DownEncoderBlock2D'],
  up_block_types: ['UpDecoderBlock2D', 'UpDecoderBlock2D'],
};
const size = { height: 6, width: 10 };

async function error(json: VaeJson): Promise<number> {
  const reference = referenceVae(json);
  reference.parameters.randomise(3);
  const checkpoint = await reference.parameters.checkpoint();
  const config = parseVaeConfig('vae/config.json', json);
  const { graph, plan } = compileVaeEncoder(config, checkpoint, 'float32', size, cpuKernels);
  const weights = [{ location: plan.location, data: await packWeights(plan, checkpoint) }];
  const session = await runtime.createSession('encoder', { graph, weights });
  const pictures = [1, 2].map((seed) => randomValues(seed, 3 * size.height * size.width));
  const image = compute.upload(Float32Array.from(pictures.flatMap((values) => [...values])), [
    pictures.length,
    3,
    size.height,
    size.width,
  ]);
  const { latents } = await session.run({ image });
  await session.release();
  if (!latents) throw new Error('there are no latents');
  const [values = new Float32Array()] = await compute.read([latents]);
  const expected = pictures.flatMap((data) => [
    ...reference.encode({ channels: 3, ...size, data: Float64Array.from(data) }).data,
  ]);
  return relativeError(Float32Array.from(values), expected);
}

describe('a compiled VAE encoder agrees with the reference', () => {
  it.each(
    Object.entries<VaeJson>({
      'two levels': small,
      'one level': {
        ...small,
        block_out_channels: [8],
        down_block_types: ['DownEncoderBlock2D'],
        up_block_types: ['UpDecoderBlock2D'],
      },
      'another scaling factor': { ...small, scaling_factor: 0.5 },
      'no attention in the middle': { ...small, mid_block_add_attention: false },
    }),
  )('%s', async (_, json) => {
    expect(await error(json)).toBeLessThan(1e-5);
  });
});
