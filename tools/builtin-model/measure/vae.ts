import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { Scope } from '../../../src/diffusion/index.ts';
import type { Picture } from '../../../src/base/index.ts';
import { openCheckpoint } from '../../../src/models/checkpoint/index.ts';
import { packWeights } from '../../../src/models/pack.ts';
import { memorySource } from '../../../src/models/source.ts';
import type { Checkpoint } from '../../../src/models/types.ts';
import type { Session } from '../../../src/runtime/index.ts';
import { defineMeasure, each, writeSheet } from './measure.ts';
import { draw, mean, psnr, quantile, uniform } from './statistics.ts';
import type { Subject } from './subject.ts';
import { compileVaeEncoder } from './vae-encoder.ts';

const mostScenes = 200;
/** Number of pictures on the contact sheet. */
const shown = 10;
const wantedDecibels = 30;

const decibels = v.number();

/** Reconstruction quality (PSNR) of held-out pictures by encoder and decoder. */
export const vae = defineMeasure({
  name: 'vae',
  needs: ['data'],
  schema: v.object({ pictures: v.number(), mean: decibels, tenthPercentile: decibels, min: decibels }),
  run: async (bench) => {
    const subject = await bench.subject();
    const collection = await bench.collection();
    const random = uniform(1);
    const scenes = draw(collection.scenes, Math.min(mostScenes, bench.limit), random);
    const size = { width: collection.pixels, height: collection.pixels };
    const encoder = await openEncoder(subject, size);
    try {
      const rows: [Picture[], Picture[]] = [[], []];
      const all = await each(bench, scenes, async (scene, index) => {
        const picture = await scene.read(Math.floor(random() * collection.layouts));
        const again = await reconstruct(subject, encoder, picture);
        if (index < shown) {
          rows[0].push(picture);
          rows[1].push(again);
        }
        // Limited because JSON has no Infinity, the PSNR of identical pictures.
        return Math.min(100, psnr(picture, again));
      });
      await writeSheet(bench, 'vae', rows);
      return {
        pictures: all.length,
        mean: mean(all),
        tenthPercentile: quantile(all, 0.1),
        min: Math.min(...all),
      };
    } finally {
      await encoder.release();
    }
  },
  rows: ({ pictures, mean, tenthPercentile, min }) => [
    {
      label: 'VAE: reconstruction, peak signal to noise',
      result: `${mean.toFixed(2)} dB on average, ${tenthPercentile.toFixed(2)} dB at the tenth percentile, ${min.toFixed(2)} dB in the worst case (${pictures} pictures)`,
      wanted: { limit: `at least ${wantedDecibels} dB on average`, met: mean >= wantedDecibels },
    },
  ],
});

async function openEncoder(
  subject: Subject,
  size: { readonly width: number; readonly height: number },
): Promise<Session> {
  const { backend, signal } = subject;
  const { config } = subject.model.parts.vae;
  const checkpoint = await encoderWeights(subject);
  const { type, kernels } = backend.target;
  const { graph, plan } = compileVaeEncoder(config, checkpoint, type, size, kernels);
  const weights = [{ location: plan.location, data: await packWeights(plan, checkpoint, { signal }) }];
  return backend.runtime.createSession('encoder', { graph, weights }, signal);
}

/**
 * The encoder's weights are in a separate file if the page should not fetch them, otherwise in the VAE's checkpoint.
 */
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
