import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Scope } from '../../../src/diffusion/index.ts';
import type { Picture } from '../../../src/base/index.ts';
import { openCheckpoint } from '../../../src/models/checkpoint/index.ts';
import { packWeights } from '../../../src/models/pack.ts';
import { memorySource } from '../../../src/models/source.ts';
import type { Checkpoint } from '../../../src/models/types.ts';
import type { Session } from '../../../src/runtime/index.ts';
import { each } from './measure.ts';
import type { Bench, Measured } from './measure.ts';
import { draw, mean, psnr, quantile, uniform } from './statistics.ts';
import type { Subject } from './subject.ts';
import { compileVaeEncoder } from './vae-encoder.ts';

const mostPictures = 500;

/** How near held-out pictures come to themselves through encoder and decoder. */
export async function measureVae(bench: Bench): Promise<Measured> {
  const { subject, limit } = bench;
  const chosen = draw(bench.pictures, Math.min(mostPictures, limit), uniform(1));
  const [first] = chosen;
  if (!first) throw new RangeError('there are no pictures');
  const { width, height } = await first.read();
  const encoder = await openEncoder(subject, { width, height });
  try {
    const decibels = await each(bench, chosen, async (entry) => {
      const picture = await entry.read();
      return psnr(picture, await reconstruct(subject, encoder, picture));
    });
    const values = {
      pictures: decibels.length,
      mean: mean(decibels),
      tenthPercentile: quantile(decibels, 0.1),
      min: Math.min(...decibels),
    };
    const dB = (value: number) => `${value.toFixed(2)} dB`;
    return {
      line: `reconstruction PSNR: mean ${dB(values.mean)}, 10th percentile ${dB(values.tenthPercentile)}, least ${dB(values.min)} (${values.pictures} pictures)`,
      values,
    };
  } finally {
    await encoder.release();
  }
}

async function openEncoder(
  subject: Subject,
  size: { readonly width: number; readonly height: number },
): Promise<Session> {
  const { backend, signal } = subject;
  const { config } = subject.model.parts.vae;
  const checkpoint = await encoderWeights(subject);
  const { graph, plan } = compileVaeEncoder(config, checkpoint, backend.target.type, size);
  const weights = [{ location: plan.location, data: await packWeights(plan, checkpoint, { signal }) }];
  return backend.runtime.createSession('encoder', { graph, weights }, signal);
}

/** The encoder's weights lie beside the decoder's where the page should not have to fetch them, else among them. */
async function encoderWeights({ folder, model }: Subject): Promise<Checkpoint> {
  const path = join(folder, 'vae/encoder.safetensors');
  if (!existsSync(path)) return model.parts.vae.checkpoint;
  return openCheckpoint(memorySource(path, new Uint8Array(await readFile(path))));
}

async function reconstruct(
  { pipeline, backend, signal }: Subject,
  encoder: Session,
  { width, height, data }: Picture,
): Promise<Picture> {
  const area = width * height;
  const values = new Float32Array(3 * area);
  for (let channel = 0; channel < 3; channel++) {
    for (let pixel = 0; pixel < area; pixel++) {
      values[channel * area + pixel] = (data[4 * pixel + channel] ?? 0) / 127.5 - 1;
    }
  }
  const scope = new Scope();
  try {
    const image = scope.own(backend.compute.upload(values, [1, 3, height, width]));
    const { latents } = await encoder.run({ image });
    if (!latents) throw new RangeError('the encoder gives latents');
    const frames = scope.own(await pipeline.decode(scope.own(latents), signal));
    const { pictures } = await pipeline.read(frames, [], signal);
    const [picture] = pictures;
    if (!picture) throw new RangeError('a batch of one has one picture');
    return picture;
  } finally {
    scope.dispose();
  }
}
