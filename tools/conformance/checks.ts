import type { Picture } from '../../src/base/index.ts';
import type { Compute, DeviceTensor } from '../../src/compute/index.ts';
import {
  guidedEmbedding,
  segmentBatches,
  renderFrames,
  renderSegment,
  variants,
} from '../../src/animation/index.ts';
import { Scope, createSchedule } from '../../src/diffusion/index.ts';
import type { Pipeline } from '../../src/diffusion/index.ts';
import type { Check, CheckOf, GoldenArray, GoldenFolder } from './golden.ts';
import { GoldenError } from './golden.ts';

/** One comparison: relative L2 error of an array (lower is better), or PSNR of a frame in dB (higher is better). */
export type Measure =
  | { readonly unit: 'relative'; readonly error: number; readonly limit: number }
  | { readonly unit: 'dB'; readonly error: number; readonly limit: number };

interface Context {
  readonly golden: GoldenFolder;
  readonly pipeline: Pipeline;
}

/** Tolerances by kind of result, for float32 on the CPU and float16 on the GPU. */
const limits = {
  cpu: { schedule: 1e-5, guidance: 1e-5, preprocess: 1e-4, network: 1e-4, frames: 45 },
  webgpu: { schedule: 2e-3, guidance: 2e-3, preprocess: 2e-3, network: 2e-3, frames: 50 },
} as const;

/** Runs one check through the pipeline and returns all its comparisons. */
export async function runCheck(check: Check, context: Context): Promise<Measure[]> {
  switch (check.kind) {
    case 'scheduler':
      return scheduler(check, context);
    case 'guidance':
      return guidance(check, context);
    case 'preprocess':
      return preprocess(check, context);
    case 'encode':
      return encode(check, context);
    case 'unet':
      return unet(check, context);
    case 'decode':
      return decode(check, context);
    case 'auto':
      return automatic(check, context);
    case 'variants':
      return pick(check, context);
    case 'lerp':
      return smooth(check, context);
  }
}

function relative(out: ArrayLike<number>, reference: ArrayLike<number>, limit: number): Measure {
  if (out.length !== reference.length) {
    throw new GoldenError(`an answer has ${reference.length} values where Drift has ${out.length}`);
  }
  let difference = 0;
  let norm = 0;
  for (let i = 0; i < reference.length; i++) {
    difference += ((out[i] ?? 0) - (reference[i] ?? 0)) ** 2;
    norm += (reference[i] ?? 0) ** 2;
  }
  return { unit: 'relative', error: Math.sqrt(difference / norm), limit };
}

/** PSNR of two pictures over their colour channels. */
function likeness(out: Picture, reference: Picture, limit: number): Measure {
  if (out.width !== reference.width || out.height !== reference.height) {
    throw new GoldenError(
      `a frame is ${reference.width}×${reference.height}, Drift's is ${out.width}×${out.height}`,
    );
  }
  let sum = 0;
  for (let i = 0; i < out.data.length; i++) {
    if (i % 4 !== 3) sum += ((out.data[i] ?? 0) - (reference.data[i] ?? 0)) ** 2;
  }
  const mean = sum / (3 * out.width * out.height);
  return { unit: 'dB', error: mean === 0 ? Infinity : 10 * Math.log10((255 * 255) / mean), limit };
}

async function readOne(compute: Compute, tensor: DeviceTensor): Promise<Float32Array> {
  const [values] = await compute.read([tensor]);
  if (!(values instanceof Float32Array)) throw new TypeError('floats were expected');
  return values;
}

function upload(compute: Compute, array: GoldenArray, type?: 'float32' | 'float16'): DeviceTensor {
  return compute.upload(array.data, array.dims, type);
}

/** One row of a stacked array, reshaped to `shape`. */
function row({ dims, data }: GoldenArray, index: number, shape: readonly number[]): GoldenArray {
  const length = data.length / (dims[0] ?? 1);
  return { dims: shape, data: data.slice(index * length, (index + 1) * length) };
}

async function scheduler(check: CheckOf<'scheduler'>, { golden, pipeline }: Context): Promise<Measure[]> {
  const { compute, model } = pipeline;
  const limit = limits[compute.device].schedule;
  const schedule = createSchedule(model.schedule, check.steps);
  const start = await golden.array(check.start);
  const outputs = await golden.array(check.modelOutputs);
  const answers = await golden.array(check.latents);

  const scope = new Scope();
  try {
    const latents = scope.own(upload(compute, start));
    const previousX0 = scope.own(compute.empty(start.dims, 'float32'));
    const modelInput = scope.own(compute.empty(start.dims, compute.modelType));
    const all: number[] = [];
    for (const [index, step] of schedule.steps.entries()) {
      const output = scope.own(upload(compute, row(outputs, index, start.dims), compute.modelType));
      compute.dpmSolverStep(step, 1, output, { latents, previousX0, modelInput });
      all.push(...(await readOne(compute, latents)));
    }
    return [
      relative(schedule.timesteps, (await golden.array(check.timesteps)).data, 1e-9),
      relative(schedule.sigmas, (await golden.array(check.sigmas)).data, limits.cpu.schedule),
      relative(all, answers.data, limit),
    ];
  } finally {
    scope.dispose();
  }
}

async function guidance(check: CheckOf<'guidance'>, { golden, pipeline }: Context): Promise<Measure[]> {
  const { compute } = pipeline;
  const scope = new Scope();
  try {
    const embeds = scope.own(upload(compute, await golden.array(check.imageEmbeds)));
    const text = scope.own(upload(compute, await golden.array(check.textEmbeds)));
    const { shifted, report } = pipeline.guide(embeds, { ...check, text });
    scope.own(shifted);
    scope.own(report);
    const out = await readOne(compute, shifted);
    return [relative(out, (await golden.array(check.shifted)).data, limits[compute.device].guidance)];
  } finally {
    scope.dispose();
  }
}

async function preprocess(check: CheckOf<'preprocess'>, { golden, pipeline }: Context): Promise<Measure[]> {
  const { compute, model } = pipeline;
  const scope = new Scope();
  try {
    const picture = scope.own(compute.uploadPicture(await golden.picture(check.image)));
    const pixels = scope.own(compute.clipPreprocess(picture, model.clipSize, compute.modelType));
    const out = await readOne(compute, pixels);
    return [relative(out, (await golden.array(check.pixelValues)).data, limits[compute.device].preprocess)];
  } finally {
    scope.dispose();
  }
}

async function encode(check: CheckOf<'encode'>, { golden, pipeline }: Context): Promise<Measure[]> {
  const { compute } = pipeline;
  const scope = new Scope();
  try {
    const pixels = scope.own(upload(compute, await golden.array(check.pixelValues)));
    const embeds = scope.own(await pipeline.encodePixels(pixels));
    const out = await readOne(compute, embeds);
    return [relative(out, (await golden.array(check.imageEmbeds)).data, limits[compute.device].network)];
  } finally {
    scope.dispose();
  }
}

async function unet(check: CheckOf<'unet'>, { golden, pipeline }: Context): Promise<Measure[]> {
  const { compute } = pipeline;
  const scope = new Scope();
  try {
    const sample = scope.own(upload(compute, await golden.array(check.sample)));
    const embeds = scope.own(upload(compute, await golden.array(check.embeds)));
    const output = scope.own(await pipeline.predict(sample, check.timestep, embeds));
    const out = await readOne(compute, output);
    return [relative(out, (await golden.array(check.noisePred)).data, limits[compute.device].network)];
  } finally {
    scope.dispose();
  }
}

async function decode(check: CheckOf<'decode'>, { golden, pipeline }: Context): Promise<Measure[]> {
  const { compute } = pipeline;
  const scope = new Scope();
  try {
    const latents = scope.own(upload(compute, await golden.array(check.latents)));
    const image = scope.own(await pipeline.decodeLatents(latents));
    const out = (await readOne(compute, image)).map((value) => Math.min(Math.max(value / 2 + 0.5, 0), 1));
    return [relative(out, (await golden.array(check.image)).data, limits[compute.device].network)];
  } finally {
    scope.dispose();
  }
}

type Sampling = CheckOf<'auto'> | CheckOf<'variants'> | CheckOf<'lerp'>;

/** The embedding of a picture after CLIP guidance, [1, d]. */
async function guided(
  check: Sampling,
  picture: Picture,
  { golden, pipeline }: Context,
): Promise<DeviceTensor> {
  const text = upload(pipeline.compute, await golden.array(check.textEmbeds));
  try {
    const { shifted, report } = await guidedEmbedding(pipeline, picture, { ...check, text });
    report.dispose();
    return shifted;
  } finally {
    text.dispose();
  }
}

/** Renders one frame for each row of embeddings and noise. */
async function render(
  { steps, guidanceScale }: Sampling,
  embeds: DeviceTensor,
  noise: DeviceTensor,
  { pipeline }: Context,
): Promise<Picture[]> {
  const { pictures } = await renderFrames(pipeline, { embeds, noise, steps, guidanceScale });
  return pictures;
}

async function compare(
  pictures: readonly Picture[],
  names: readonly string[],
  { golden, pipeline }: Context,
): Promise<Measure[]> {
  const limit = limits[pipeline.compute.device].frames;
  const references = await Promise.all(names.map((name) => golden.picture(name)));
  return references.map((reference, index) => {
    const picture = pictures[index];
    if (!picture) throw new GoldenError(`there are ${names.length} answers for ${pictures.length} frames`);
    return likeness(picture, reference, limit);
  });
}

async function automatic(check: CheckOf<'auto'>, context: Context): Promise<Measure[]> {
  const { golden, pipeline } = context;
  const { compute } = pipeline;
  const noises = await golden.array(check.noises);
  const embeds = await golden.array(check.embeds);
  const measures: Measure[] = [];
  for (const [index, name] of check.frames.entries()) {
    const scope = new Scope();
    try {
      const previous = await golden.picture(check.frames[index - 1] ?? check.start);
      const shifted = scope.own(await guided(check, previous, context));
      const answer = row(embeds, index, shifted.dims);
      measures.push(relative(await readOne(compute, shifted), answer.data, limits[compute.device].network));
      const noise = scope.own(upload(compute, row(noises, index, [1, ...noises.dims.slice(-3)])));
      measures.push(...(await compare(await render(check, shifted, noise, context), [name], context)));
    } finally {
      scope.dispose();
    }
  }
  return measures;
}

async function pick(check: CheckOf<'variants'>, context: Context): Promise<Measure[]> {
  const { golden, pipeline } = context;
  const { compute } = pipeline;
  const scope = new Scope();
  try {
    const shifted = scope.own(await guided(check, await golden.picture(check.start), context));
    const noises = await golden.array(check.noises);
    const batch = check.frames.length;
    const noise = scope.own(compute.upload(noises.data, [batch, ...noises.dims.slice(-3)]));
    const pictures: Picture[] = [];
    for await (const event of variants(pipeline, { ...check, embeds: shifted, noise })) {
      if (event.kind === 'variant') pictures.push(event.picture);
    }
    return await compare(pictures, check.frames, context);
  } finally {
    scope.dispose();
  }
}

async function smooth(check: CheckOf<'lerp'>, context: Context): Promise<Measure[]> {
  const { golden, pipeline } = context;
  const { compute } = pipeline;
  const limit = limits[compute.device];
  const scope = new Scope();
  try {
    const startEmbeds = scope.own(upload(compute, await golden.array(check.startEmbeds)));
    const startNoise = scope.own(upload(compute, await golden.array(check.startNoise)));
    const newNoise = scope.own(upload(compute, await golden.array(check.newNoise)));
    const goalEmbeds = scope.own(upload(compute, await golden.array(check.goalEmbeds)));

    // The segment begins at the embedding of `start` and ends at that of its variant.
    const first = await render(check, startEmbeds, startNoise, context);
    const measures = await compare(first, [check.first], context);
    const answers = { embeds: await golden.array(check.embeds), noises: await golden.array(check.noises) };
    const segment = { ...check, startEmbeds, startNoise, newNoise, goalEmbeds };
    for (const { first: begin, ...batch } of segmentBatches(pipeline, segment)) {
      const [embeds, noise] = [scope.own(batch.embeds), scope.own(batch.noise)];
      const answer = ({ dims, data }: GoldenArray) => {
        const width = data.length / (dims[0] ?? 1);
        return data.slice(begin * width, (begin + (embeds.dims[0] ?? 0)) * width);
      };
      measures.push(
        relative(await readOne(compute, embeds), answer(answers.embeds), limit.schedule),
        relative(await readOne(compute, noise), answer(answers.noises), limit.schedule),
      );
    }
    const pictures: Picture[] = [];
    for await (const batch of renderSegment(pipeline, segment, check)) pictures.push(...batch.pictures);
    return [...measures, ...(await compare(pictures, check.frames, context))];
  } finally {
    scope.dispose();
  }
}
