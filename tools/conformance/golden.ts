import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import type { Picture } from '../../src/base/index.ts';
import { parseNpy } from '../npy.ts';
import { readPng } from '../png.ts';

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const name = v.pipe(v.string(), v.regex(/^[\w.-]+$/));
const number = v.pipe(v.number(), v.finite());

const guidance = {
  positives: count,
  negatives: count,
  positiveScale: number,
  negativeScale: number,
  repeats: count,
};
const sampling = { start: name, steps: count, guidanceScale: number, ...guidance, textEmbeds: name };

const checkSchema = v.variant('kind', [
  v.object({
    kind: v.literal('scheduler'),
    name,
    steps: count,
    timesteps: name,
    sigmas: name,
    start: name,
    modelOutputs: name,
    latents: name,
  }),
  v.object({
    kind: v.literal('guidance'),
    name,
    ...guidance,
    textEmbeds: name,
    imageEmbeds: name,
    shifted: name,
  }),
  v.object({ kind: v.literal('preprocess'), name, image: name, pixelValues: name }),
  v.object({ kind: v.literal('encode'), name, pixelValues: name, imageEmbeds: name }),
  v.object({ kind: v.literal('unet'), name, sample: name, timestep: number, embeds: name, noisePred: name }),
  v.object({ kind: v.literal('decode'), name, latents: name, image: name }),
  v.object({ kind: v.literal('auto'), name, ...sampling, noises: name, embeds: name, frames: v.array(name) }),
  v.object({ kind: v.literal('variants'), name, ...sampling, noises: name, frames: v.array(name) }),
  v.object({
    kind: v.literal('lerp'),
    name,
    ...sampling,
    intermediate: count,
    batchSize: v.pipe(count, v.minValue(1)),
    noiseShift: number,
    startEmbeds: name,
    startNoise: name,
    newNoise: name,
    goalEmbeds: name,
    embeds: name,
    noises: name,
    first: name,
    frames: v.array(name),
  }),
]);
export type Check = v.InferOutput<typeof checkSchema>;
export type CheckOf<K extends Check['kind']> = Extract<Check, { kind: K }>;

const fileSchema = v.object({ checks: v.pipe(v.array(v.unknown()), v.minLength(1)) });

/** The golden folder is malformed, or has an unknown kind of check. */
export class GoldenError extends Error {
  override readonly name = 'GoldenError';
}

/** Array with its shape, in row-major order. */
export interface GoldenArray {
  readonly dims: readonly number[];
  readonly data: Float32Array;
}

/** A folder of checks: inputs, and the outputs of the original program. */
export interface GoldenFolder {
  readonly path: string;
  readonly checks: readonly Check[];
  array(name: string): Promise<GoldenArray>;
  picture(name: string): Promise<Picture>;
}

/**
 * Opens a golden folder.
 *
 * @throws GoldenError if `golden.json` is missing, malformed or has an unknown kind of check
 */
export async function openGolden(path: string): Promise<GoldenFolder> {
  const parsed = v.safeParse(fileSchema, await readJson(join(path, 'golden.json')));
  if (!parsed.success) throw new GoldenError(`golden.json: ${parsed.issues[0].message}`);
  const checks = parsed.output.checks.map((input, index) => {
    const check = v.safeParse(checkSchema, input);
    if (check.success) return check.output;
    const issue = check.issues[0];
    throw new GoldenError(`golden.json: check ${index}: ${v.getDotPath(issue) ?? ''}: ${issue.message}`);
  });
  return {
    path,
    checks,
    async array(arrayName) {
      const bytes = await read(join(path, 'arrays', `${arrayName}.npy`));
      try {
        const { shape, data } = parseNpy(bytes);
        return { dims: shape, data: Float32Array.from(data) };
      } catch (error) {
        throw new GoldenError(
          `arrays/${arrayName}.npy: ${error instanceof Error ? error.message : String(error)}`,
        );
      }
    },
    async picture(pictureName) {
      const bytes = await read(join(path, pictureName));
      try {
        return readPng(bytes);
      } catch (error) {
        throw new GoldenError(`${pictureName}: ${error instanceof Error ? error.message : String(error)}`);
      }
    },
  };
}

async function read(path: string): Promise<Uint8Array> {
  if (!existsSync(path)) throw new GoldenError(`${path} does not exist.`);
  return readFile(path);
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(new TextDecoder().decode(await read(path)));
  } catch (error) {
    if (error instanceof GoldenError) throw error;
    throw new GoldenError(`${path} is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}
