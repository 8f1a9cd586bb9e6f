import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { clipRepository, diffusionRepository, sizes } from './full-model/model.ts';
import { decoderAnswer, unetAnswer } from './full-model/reference.ts';
import type { ReferenceArray } from './full-model/reference.ts';
import { formatNpy } from './npy.ts';

const usage = `Usage: npm run full-reference -- --model DIR --out DIR [--size full|small] [--side LATENTS]

Evaluates the UNet and the decoder of the model that npm run full-model wrote to --model, by their definitions in
float64, one tensor in memory at a time, and writes a golden folder to compare the compiled networks with:
npm run conformance -- OUT --backend webgpu. The side of the latents is a multiple of 8, 8 by default (64 pixels).`;

/** Entry point of the command that writes golden data for a full-size model. See `usage`. */
export async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      model: { type: 'string' },
      out: { type: 'string' },
      size: { type: 'string', default: 'full' },
      side: { type: 'string', default: '8' },
    },
  });
  const { model, out } = values;
  const size = sizes.find((name) => name === values.size);
  const side = Number(values.side);
  if (model === undefined || out === undefined || size === undefined || !(side >= 8 && side % 8 === 0)) {
    console.error(usage);
    return 2;
  }
  const began = performance.now();
  const seconds = () => Number(((performance.now() - began) / 1000).toFixed(1));
  await mkdir(join(out, 'arrays'), { recursive: true });
  const array = async (name: string, { dims, data }: ReferenceArray): Promise<string> => {
    await writeFile(join(out, 'arrays', `${name}.npy`), formatNpy(dims, data));
    return name;
  };

  // Batch of two rows, as in classifier-free guidance: the unconditional one first.
  const { timestep, ...unet } = unetAnswer(size, side, 2);
  const unetCheck = {
    kind: 'unet',
    name: 'unet',
    sample: await array('unet_sample', unet.sample),
    timestep,
    embeds: await array('unet_embeds', unet.embeds),
    noisePred: await array('unet_noise_pred', unet.noisePred),
  };
  console.log(`UNet: ${seconds()} s`);
  const decoder = decoderAnswer(size, side);
  const decoderCheck = {
    kind: 'decode',
    name: 'decode',
    latents: await array('decode_latents', decoder.latents),
    image: await array('decode_image', decoder.image),
  };
  await writeFile(
    join(out, 'golden.json'),
    `${JSON.stringify({ checks: [unetCheck, decoderCheck] }, null, 2)}\n`,
  );
  for (const part of ['unet', 'vae', 'scheduler']) {
    await link(join(model, diffusionRepository, part), join(out, 'checkpoint', part));
  }
  const tower = join(model, clipRepository, 'onnx/vision_model_fp16.onnx');
  await link(tower, join(out, 'checkpoint/image_encoder/model.onnx'));
  const peakMemoryMegabytes = Math.round(process.resourceUsage().maxRSS / 1024);
  console.log(JSON.stringify({ out, seconds: seconds(), peakMemoryMegabytes }));
  return 0;
}

async function link(target: string, path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await rm(path, { force: true });
  await symlink(resolve(target), path);
}
