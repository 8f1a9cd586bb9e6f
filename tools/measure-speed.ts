import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import type { Picture } from '../src/base/index.ts';
import type { DeviceTensor } from '../src/compute/index.ts';
import { guidanceOf, rowsComputed } from '../src/diffusion/fewer-evaluations.ts';
import type { FewerEvaluations } from '../src/diffusion/fewer-evaluations.ts';
import { Pipeline, Scope } from '../src/diffusion/index.ts';
import { createSchedule } from '../src/diffusion/scheduler.ts';
import { createModel } from '../src/models/index.ts';
import { stepsComputed } from '../src/project/index.ts';
import { openCheckpointFolder } from './checkpoint-folder.ts';
import { openNodeBackend } from './node-runtime.ts';
import { readPng } from './png.ts';

const usage = `Usage: npm run measure:speed -- --model DIR --picture PNG [--backend webgpu|cpu] [--size PIXELS]
  [--clip PIXELS] [--steps N] [--guidance-scale W] [--seeds N]

What each way to leave out evaluations saves, and how far single frames are from Exact with the same seed: rows of the
UNet as a part of Exact's, mean PSNR, and mean cosine of CLIP embeddings. --clip is the side of the image encoder's
pictures. Prints a table.`;

/** A way to save UNet evaluations: fewer steps, or guidance that is reused between steps. */
interface Way {
  readonly fewer?: FewerEvaluations;
  /** Fraction of Exact's steps. Default 1. */
  readonly steps?: number;
}

/** The ways behind the values of the setting Speed, and alternatives that were not adopted. */
const ways: Readonly<Record<string, Way>> = {
  Fast: { steps: stepsComputed({ speed: 'fast', steps: 100 }) / 100 },
  Fastest: { steps: stepsComputed({ speed: 'fastest', steps: 100 }) / 100 },
  '80 % of the steps': { steps: 0.8 },
  '70 % of the steps': { steps: 0.7 },
  '50 % of the steps': { steps: 0.5 },
  'kept from 20 %, every 2nd': { fewer: { keptGuidance: { from: 0.2, every: 2 } } },
  'kept from 20 %, every 4th': { fewer: { keptGuidance: { from: 0.2, every: 4 } } },
  'kept from 10 %, every 5th': { fewer: { keptGuidance: { from: 0.1, every: 5 } } },
  'kept from 20 %, never again': { fewer: { keptGuidance: { from: 0.2, every: Infinity } } },
  'interval (0.28, 5.42]': { fewer: { guidanceInterval: { low: 0.28, high: 5.42 } } },
  'interval (1, ∞)': { fewer: { guidanceInterval: { low: 1, high: Infinity } } },
  '80 % of the steps, kept from 20 %, every 2nd': {
    steps: 0.8,
    fewer: { keptGuidance: { from: 0.2, every: 2 } },
  },
  '50 % of the steps, kept from 20 %, every 2nd': {
    steps: 0.5,
    fewer: { keptGuidance: { from: 0.2, every: 2 } },
  },
};

/** Entry point. See `usage`. */
export async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      model: { type: 'string' },
      picture: { type: 'string' },
      backend: { type: 'string', default: 'cpu' },
      size: { type: 'string', default: '128' },
      clip: { type: 'string' },
      steps: { type: 'string', default: '20' },
      'guidance-scale': { type: 'string', default: '4' },
      seeds: { type: 'string', default: '6' },
    },
  });
  const { model: folder, picture: file, backend: kind } = values;
  if (folder === undefined || file === undefined || (kind !== 'cpu' && kind !== 'webgpu')) {
    console.error(usage);
    return 2;
  }
  const backend = await openNodeBackend(kind);
  if ('reason' in backend) {
    console.error(`The GPU cannot be used here: ${backend.reason}.`);
    return 3;
  }
  const { compute } = backend;
  const checkpoint = await openCheckpointFolder(folder);
  const { imageEncoder } = checkpoint.parts;
  const clip = values.clip === undefined ? imageEncoder.size : Number(values.clip);
  const parts = { ...checkpoint.parts, imageEncoder: { ...imageEncoder, size: clip } };
  const pipeline = new Pipeline(compute, backend.runtime, createModel(parts, backend.target));
  const [size = NaN, steps = NaN, seeds = NaN] = [values.size, values.steps, values.seeds].map(Number);
  const guidanceScale = Number(values['guidance-scale']);
  const scope = new Scope();
  try {
    const start = scope.own(compute.uploadPicture(readPng(await readFile(file))));
    const embeds = scope.own(await pipeline.encode(start));
    const stepsOf = (way: Way) => Math.round(steps * (way.steps ?? 1));
    const frame = (seed: number, way: Way) =>
      frameOf(pipeline, embeds, { seed, size, steps: stepsOf(way), guidanceScale, fewer: way.fewer });
    /** Evaluated UNet rows, relative to Exact. */
    const rowsOf = (way: Way) => {
      const { sigmas } = createSchedule(pipeline.model.schedule, stepsOf(way));
      const rows = rowsComputed(guidanceOf(sigmas.slice(0, -1), guidanceScale, way.fewer));
      return (rows * stepsOf(way)) / steps;
    };
    const all = Array.from({ length: seeds }, (_, seed) => seed);
    const exact: Frame[] = [];
    for (const seed of all) exact.push(await frame(seed, {}));
    const table: Record<string, object> = {};
    for (const [name, way] of Object.entries(ways)) {
      const [likeness, cosines]: [number[], number[]] = [[], []];
      for (const seed of all) {
        const [made, reference] = [await frame(seed, way), exact[seed]];
        if (!reference) throw new RangeError('every seed has its exact frame');
        likeness.push(decibels(made.picture, reference.picture));
        cosines.push(cosine(made.embedding, reference.embedding));
      }
      table[name] = {
        rows: rowsOf(way).toFixed(2),
        'PSNR, dB': mean(likeness).toFixed(1),
        cosine: mean(cosines).toFixed(3),
      };
    }
    console.log(`# ${backend.description}, ${steps} steps, guidance scale ${guidanceScale}, ${seeds} seeds`);
    console.table(table);
    return 0;
  } finally {
    scope.dispose();
    await pipeline.release();
    backend.dispose();
    await checkpoint.close();
  }
}

interface Frame {
  readonly picture: Picture;
  readonly embedding: ArrayLike<number>;
}

async function frameOf(
  pipeline: Pipeline,
  embeds: DeviceTensor,
  options: {
    readonly seed: number;
    readonly size: number;
    readonly steps: number;
    readonly guidanceScale: number;
    readonly fewer: FewerEvaluations | undefined;
  },
): Promise<Frame> {
  const { seed, size, ...run } = options;
  const scope = new Scope();
  try {
    const noise = scope.own(pipeline.noise([{ seed, frame: 0, variant: 0 }], size, size));
    const latents = scope.own(await pipeline.denoise({ embeds, noise, ...run }));
    const frame = scope.own(await pipeline.decode(latents));
    const embedding = scope.own(await pipeline.encode(frame));
    const { pictures, extra } = await pipeline.read(frame, [embedding]);
    const [picture] = pictures;
    if (!picture) throw new RangeError('a batch of one has one picture');
    return { picture, embedding: extra[0] ?? [] };
  } finally {
    scope.dispose();
  }
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** PSNR over the colour channels; infinite if the pictures are identical. */
function decibels(a: Picture, b: Picture): number {
  const squares = Array.from(a.data, (value, i) => (i % 4 === 3 ? 0 : (value - (b.data[i] ?? NaN)) ** 2));
  return 10 * Math.log10((255 * 255) / (mean(squares) * (4 / 3)));
}

function cosine(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const dot = (x: ArrayLike<number>, y: ArrayLike<number>) =>
    Array.from(x).reduce((sum, value, index) => sum + value * (y[index] ?? NaN), 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}
