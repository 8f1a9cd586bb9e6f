import { DriftError, mostLatentChannels } from '../base/index.ts';
import type { ErrorDetails, Picture } from '../base/index.ts';
import type { DeviceTensor, ElementType, GuidanceTerms, ModelType, NoiseKey, SolverState } from './types.ts';

/**
 * Argument checks shared by both implementations of `Compute`, and the sizes derived from them. A mismatch is a bug in
 * Drift, never the user's mistake, but on a GPU it would pass silently and produce a wrong picture.
 */

const remedy =
  'This is a mistake in Drift, not yours. Reload the page; if it comes back, please report it with these details.';

/** Creates the error for a tensor that does not fit an operation. */
export function tensorError(
  code: 'tensor-shape' | 'tensor-type' | 'tensor-device' | 'tensor-disposed',
  message: string,
  details: ErrorDetails = {},
): DriftError {
  return new DriftError(code, message, { remedy, details });
}

const shape = (dims: readonly number[]): string => `[${dims.join(', ')}]`;

/** @throws DriftError `tensor-shape` with the expected and actual shapes, if `holds` is false */
export function requireShape(
  holds: boolean,
  operation: string,
  expected: string,
  ...found: DeviceTensor[]
): void {
  if (holds) return;
  const shapes = found.map(({ dims }) => shape(dims)).join(', ');
  throw tensorError('tensor-shape', `${operation} expects ${expected} but got ${shapes}.`, {
    operation,
    expected,
    found: shapes,
  });
}

/** @throws DriftError `tensor-type` */
export function requireType(operation: string, tensor: DeviceTensor, ...allowed: ElementType[]): void {
  if (allowed.includes(tensor.type)) return;
  const expected = allowed.join(' or ');
  throw tensorError('tensor-type', `${operation} expects ${expected} but got ${tensor.type}.`, {
    operation,
    expected,
    found: tensor.type,
  });
}

/** Refuses aliasing: kernels read and write in no particular order. @throws DriftError `tensor-shape` */
export function requireApart(operation: string, written: DeviceTensor, ...read: DeviceTensor[]): void {
  const memory = (tensor: DeviceTensor) => (tensor.device === 'webgpu' ? tensor.buffer : tensor.data.buffer);
  const target = memory(written);
  if (!read.some((tensor) => memory(tensor) === target)) return;
  throw tensorError('tensor-shape', `${operation} cannot write into memory that it reads.`, { operation });
}

/** Number of elements. @throws DriftError `tensor-shape` if a dimension is not a positive integer */
export function elementCount(dims: readonly number[]): number {
  let count = 1;
  for (const size of dims) {
    if (!Number.isSafeInteger(size) || size < 1) {
      throw tensorError('tensor-shape', `A tensor cannot have the shape ${shape(dims)}.`, {
        found: shape(dims),
      });
    }
    count *= size;
  }
  return count;
}

const rowCount = (dims: readonly number[]): number => dims[0] ?? 0;
const rowLength = (dims: readonly number[]): number => elementCount(dims.slice(1));
const sameDims = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((size, axis) => size === b[axis]);
const isIndex = (value: number, end: number): boolean => Number.isInteger(value) && value >= 0 && value < end;

/** `upload`: the number of values must match the dims. */
export function checkUpload(values: Float32Array, dims: readonly number[]): void {
  if (values.length === elementCount(dims)) return;
  throw tensorError('tensor-shape', `${values.length} values do not fill a tensor ${shape(dims)}.`, {
    operation: 'upload',
    values: values.length,
    expected: shape(dims),
  });
}

/** `uploadPicture`: the tensor's dims, [height, width, 4]. */
export function checkPicture(picture: Picture): readonly number[] {
  const dims = [picture.height, picture.width, 4];
  if (picture.data.length === elementCount(dims)) return dims;
  throw tensorError('tensor-shape', `${picture.data.length} bytes are not a picture ${shape(dims)}.`, {
    operation: 'uploadPicture',
    bytes: picture.data.length,
    expected: shape(dims),
  });
}

/** `head`: the dims of the first `rows` rows. */
export function checkHead(tensor: DeviceTensor, rows: number): readonly number[] {
  requireShape(isIndex(rows - 1, rowCount(tensor.dims)), 'head', `at least ${rows} rows`, tensor);
  return [rows, ...tensor.dims.slice(1)];
}

/** `row`: the row's dims, its length, and its offset in elements. */
export function checkRow(tensor: DeviceTensor, index: number) {
  requireShape(isIndex(index, rowCount(tensor.dims)), 'row', `more than ${index} rows`, tensor);
  const length = rowLength(tensor.dims);
  return { dims: [1, ...tensor.dims.slice(1)], length, offset: index * length };
}

/** `copyRows`: number of elements to copy, and their offset in `target`. */
export function checkCopyRows(source: DeviceTensor, target: DeviceTensor, row: number) {
  const length = rowLength(source.dims);
  requireType('copyRows', source, target.type);
  requireShape(
    sameDims(source.dims.slice(1), target.dims.slice(1)) &&
      isIndex(row, rowCount(target.dims)) &&
      row + rowCount(source.dims) <= rowCount(target.dims),
    'copyRows',
    `rows that fit into the target from row ${row}`,
    source,
    target,
  );
  requireApart('copyRows', target, source);
  return { count: elementCount(source.dims), offset: row * length };
}

/** `gaussianNoise`: one key for each row of `out`; row lengths must be multiples of 4. */
export function checkNoise(keys: readonly NoiseKey[], out: DeviceTensor) {
  const length = rowLength(out.dims);
  requireType('gaussianNoise', out, 'float32');
  requireShape(
    keys.length === rowCount(out.dims) && length % 4 === 0,
    'gaussianNoise',
    `[${keys.length}, …] with rows that are a multiple of 4 long`,
    out,
  );
  const odd = keys.flatMap(({ seed, frame, variant }) => [seed, frame, variant]);
  const wrong = odd.find((word) => !isIndex(word, 2 ** 32));
  if (wrong !== undefined) {
    throw tensorError('tensor-shape', `Noise is named by whole numbers below 2^32, not by ${wrong}.`, {
      operation: 'gaussianNoise',
      found: wrong,
    });
  }
  return { length };
}

/** `clipPreprocess`: the picture's size. */
export function checkPreprocess(picture: DeviceTensor, size: number) {
  requireType('clipPreprocess', picture, 'uint8');
  const batch = picture.dims.length === 4 && picture.dims[0] === 1 ? [1] : [];
  requireShape(
    picture.dims.length - batch.length === 3 && picture.dims.at(-1) === 4 && isIndex(size - 1, 2 ** 12),
    'clipPreprocess',
    `[height, width, 4], or a batch of one, and a side of 1 to 4096 (here ${size})`,
    picture,
  );
  const [height = 0, width = 0] = picture.dims.slice(-3);
  return { height, width };
}

/** `clipGuidance`: rows and length of the embeddings. */
export function checkGuidance(embeds: DeviceTensor, terms: GuidanceTerms) {
  const { text, positives, negatives, repeats, positiveScale, negativeScale } = terms;
  requireType('clipGuidance', embeds, 'float32', 'float16');
  requireShape(embeds.dims.length === 2, 'clipGuidance', '[b, d]', embeds);
  const [rows = 0, length = 0] = embeds.dims;
  if (text === null) {
    requireShape(positives + negatives === 0, 'clipGuidance', 'text embeddings for its prompts', embeds);
  } else {
    requireType('clipGuidance', text, 'float32');
    requireShape(
      text.dims.length === 2 &&
        isIndex(positives, Infinity) &&
        isIndex(negatives, Infinity) &&
        text.dims[0] === positives + negatives &&
        text.dims[1] === length,
      'clipGuidance',
      `text embeddings [${positives} + ${negatives}, ${length}]`,
      text,
    );
  }
  if (!isIndex(repeats, 2 ** 31) || !Number.isFinite(positiveScale) || !Number.isFinite(negativeScale)) {
    throw tensorError('tensor-shape', `Guidance cannot run with these settings.`, {
      operation: 'clipGuidance',
      repeats,
      positiveScale,
      negativeScale,
    });
  }
  return { rows, length };
}

/** `cosines`: rows of `a`, rows of `b`, and their common length. */
export function checkCosines(a: DeviceTensor, b: DeviceTensor) {
  requireType('cosines', a, 'float32');
  requireType('cosines', b, 'float32');
  requireShape(
    a.dims.length === 2 && b.dims.length === 2 && a.dims[1] === b.dims[1],
    'cosines',
    '[n, d] and [m, d]',
    a,
    b,
  );
  const [rows = 0, length = 0] = a.dims;
  return { rows, columns: rowCount(b.dims), length };
}

/**
 * `lerp`: row length, offset of the row in `out`, weights of `a` and `b`. Renormalising divides by the standard
 * deviation of the weighted sum of two noises with deviation 1.
 */
export function checkLerp(
  a: DeviceTensor,
  b: DeviceTensor,
  t: number,
  renormalise: boolean,
  out: DeviceTensor,
  row: number,
  correlation = 0,
) {
  for (const tensor of [a, b, out]) requireType('lerp', tensor, 'float32');
  requireShape(
    rowCount(a.dims) === 1 &&
      sameDims(a.dims, b.dims) &&
      sameDims(a.dims.slice(1), out.dims.slice(1)) &&
      isIndex(row, rowCount(out.dims)),
    'lerp',
    `two rows alike and a row ${row} to write`,
    a,
    b,
    out,
  );
  requireApart('lerp', out, a, b);
  const length = rowLength(a.dims);
  const variance = t * t + (1 - t) * (1 - t) + 2 * t * (1 - t) * correlation;
  const norm = renormalise ? Math.sqrt(variance) : 1;
  return { length, offset: row * length, weightA: (1 - t) / norm, weightB: t / norm };
}

/** `modelInput`: number of latents. */
export function checkModelInput(latents: DeviceTensor, modelInput: DeviceTensor): number {
  requireType('modelInput', latents, 'float32');
  requireType('modelInput', modelInput, 'float32', 'float16');
  requireApart('modelInput', modelInput, latents);
  requireShape(
    sameDims(latents.dims, modelInput.dims),
    'modelInput',
    'model input like latents',
    latents,
    modelInput,
  );
  return elementCount(latents.dims);
}

/** `dpmSolverStep`: number of latents, and the source of classifier-free guidance. */
export function checkSolverStep(
  modelOutput: DeviceTensor,
  { latents, previousX0, modelInput, difference }: SolverState,
): { readonly count: number; readonly guidance: 'none' | 'full' | 'kept' } {
  requireType('dpmSolverStep', latents, 'float32');
  requireType('dpmSolverStep', previousX0, 'float32');
  requireType('dpmSolverStep', modelInput, 'float32', 'float16');
  requireType('dpmSolverStep', modelOutput, modelInput.type);
  const rows = rowCount(latents.dims);
  const full = rowCount(modelOutput.dims) === 2 * rows;
  requireShape(
    sameDims(latents.dims, previousX0.dims) &&
      sameDims(latents.dims, modelInput.dims) &&
      (full || rowCount(modelOutput.dims) === rows) &&
      sameDims(latents.dims.slice(1), modelOutput.dims.slice(1)),
    'dpmSolverStep',
    `latents, last x0 and model input alike, and model output with ${rows} or ${2 * rows} such rows`,
    latents,
    previousX0,
    modelOutput,
    modelInput,
  );
  requireApart('dpmSolverStep', latents, previousX0, modelOutput, modelInput);
  requireApart('dpmSolverStep', previousX0, modelOutput, modelInput);
  requireApart('dpmSolverStep', modelInput, modelOutput);
  if (difference) {
    requireType('dpmSolverStep', difference, 'float32');
    requireShape(
      sameDims(latents.dims, difference.dims),
      'dpmSolverStep',
      'a difference like the latents',
      latents,
      difference,
    );
    requireApart('dpmSolverStep', difference, latents, previousX0, modelOutput, modelInput);
  }
  return { count: elementCount(latents.dims), guidance: full ? 'full' : difference ? 'kept' : 'none' };
}

/** `latentPreview`: size of the preview. */
export function checkPreview(latents: DeviceTensor, factors: readonly number[]) {
  requireType('latentPreview', latents, 'float32');
  const [batch = 0, channels = 0, height = 0, width = 0] = latents.dims;
  requireShape(
    latents.dims.length === 4 && channels <= mostLatentChannels && factors.length === 3 * (channels + 1),
    'latentPreview',
    `[b, c, h, w] with c up to ${mostLatentChannels}, and 3 (c + 1) factors (here ${factors.length})`,
    latents,
  );
  return { batch, channels, height, width };
}

/** `frameFromDecoded`: size of the frames. */
export function checkDecoded(decoded: DeviceTensor) {
  requireType('frameFromDecoded', decoded, 'float32', 'float16');
  requireShape(
    decoded.dims.length === 4 && decoded.dims[1] === 3,
    'frameFromDecoded',
    '[b, 3, H, W]',
    decoded,
  );
  const [batch = 0, , height = 0, width = 0] = decoded.dims;
  return { batch, height, width };
}

/** Checks the tensor of overflow flags: see `Compute.dpmSolverStep`. */
export function checkOverflow(operation: string, overflow: DeviceTensor): void {
  requireType(operation, overflow, 'float32');
  requireShape(sameDims(overflow.dims, [2]), operation, '[2] for overflow flags', overflow);
}

/** CLIP's mean and standard deviation of red, green and blue (Radford et al. 2021, published preprocessor). */
export const clipMean = [0.48145466, 0.4578275, 0.40821073] as const;
export const clipDeviation = [0.26862954, 0.26130258, 0.27577711] as const;

/** Refuses float16 tensors on a device without float16. @throws DriftError `tensor-type` */
export function checkTypeSupported(type: ElementType, modelType: ModelType): void {
  if (type !== 'float16' || modelType === 'float16') return;
  throw tensorError('tensor-type', 'This device does not compute in float16.', { found: type });
}
