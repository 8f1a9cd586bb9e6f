import type { Picture } from '../base/index.ts';

/** Element types of tensors: `uint8` for pictures, `float16` or `float32` for model inputs and outputs. */
export type ElementType = 'float32' | 'float16' | 'uint8';
/** Number type of the networks' inputs and outputs on a device. */
export type ModelType = 'float32' | 'float16';

interface TensorBase {
  readonly dims: readonly number[];
  readonly type: ElementType;
  /** Frees the memory. Idempotent. Using a disposed tensor is an error. */
  dispose(): void;
}

/** Tensor in a buffer of the GPU device that Drift and ONNX Runtime share. */
export interface GpuTensor extends TensorBase {
  readonly device: 'webgpu';
  readonly buffer: GPUBuffer;
}

/** Tensor in memory. There is no `float16`: the CPU computes in float32. */
export interface CpuTensor extends TensorBase {
  readonly device: 'cpu';
  readonly data: Float32Array<ArrayBuffer> | Uint8ClampedArray<ArrayBuffer>;
}

/** Row-major tensor on the current device. The caller that obtained it disposes it. */
export type DeviceTensor = GpuTensor | CpuTensor;

/**
 * Key of one noise tensor. The same key gives the same noise on every device (up to the last bits of `log` and `cos`);
 * different keys give independent noise.
 */
export interface NoiseKey {
  /** User-visible seed, 0 … 2^32 - 1. */
  readonly seed: number;
  /** Index of the frame in the animation, 0 … 2^32 - 1. */
  readonly frame: number;
  /** Index of the variant of that frame, 0 … 2^32 - 1. */
  readonly variant: number;
}

/** Prompts and weights of CLIP guidance. */
export interface GuidanceTerms {
  /** float32 [positives + negatives, d], unit rows, positives first. Null if there are no prompts. */
  readonly text: DeviceTensor | null;
  readonly positives: number;
  readonly negatives: number;
  readonly positiveScale: number;
  readonly negativeScale: number;
  /** Steps of gradient descent with learning rate 1; 0 leaves the embedding unchanged. */
  readonly repeats: number;
}

/**
 * Coefficients of one step of DPM-Solver++, independent of schedule, order and prediction type:
 * `x0 = x0FromSample * sample + x0FromOutput * output`, then
 * `next = sampleWeight * sample + x0Weight * x0 + previousWeight * previousX0`.
 */
export interface SolverStep {
  readonly x0FromSample: number;
  readonly x0FromOutput: number;
  readonly sampleWeight: number;
  readonly x0Weight: number;
  readonly previousWeight: number;
}

/** Position of a tile along one axis of a picture, and its fades into the neighbours; in pixels of the picture. */
export interface TileSpan {
  readonly start: number;
  /** Length of a fade. */
  readonly fade: number;
  /** Start of the ramp from 0 to 1; null at the picture's edge, where the weight is 1. */
  readonly fadeIn: number | null;
  /** Start of the ramp from 1 to 0, equal to the next tile's `fadeIn`; null at the picture's edge. */
  readonly fadeOut: number | null;
}

/** Tensors that a solver step reads and updates. */
export interface SolverState {
  readonly latents: DeviceTensor;
  readonly previousX0: DeviceTensor;
  readonly modelInput: DeviceTensor;
  /** Conditional minus unconditional output of the last full evaluation. */
  readonly difference?: DeviceTensor | undefined;
}

/**
 * Operations that Drift runs between the networks. On a GPU they are queued in order and return at once; only `read` and
 * `idle` wait for the device.
 */
export interface Compute {
  readonly device: 'webgpu' | 'cpu';
  /** Number type of model inputs and outputs on this device. */
  readonly modelType: ModelType;
  /** Number of tensors created and not yet disposed. */
  readonly liveTensors: number;

  /** A tensor of zeros. */
  empty(dims: readonly number[], type: ElementType): DeviceTensor;
  /** Copies values into a tensor, rounding to float16 if `type` says so. */
  upload(values: Float32Array, dims: readonly number[], type?: ModelType): DeviceTensor;
  /** Copies a picture into a uint8 tensor [height, width, 4]. */
  uploadPicture(picture: Picture): DeviceTensor;
  /** View of the first `rows` rows of a tensor. It shares memory; disposing it frees nothing. */
  head(tensor: DeviceTensor, rows: number): DeviceTensor;
  /** A copy of one row: [1, …]. */
  row(tensor: DeviceTensor, index: number): DeviceTensor;
  /** Copies all rows of `source` to `target`, starting at row `row`; same type, same row size. */
  copyRows(source: DeviceTensor, target: DeviceTensor, row: number): void;
  /**
   * Copies tensors to memory in one read-back: floats as Float32Array (float16 is converted), uint8 as Uint8ClampedArray.
   *
   * @throws the signal's reason if it is aborted before the data has arrived
   */
  read(
    tensors: readonly DeviceTensor[],
    signal?: AbortSignal,
  ): Promise<(Float32Array<ArrayBuffer> | Uint8ClampedArray<ArrayBuffer>)[]>;
  /** Resolves when the device has finished all queued work. */
  idle(): Promise<void>;

  /**
   * Standard normal noise: Philox4x32-10 (Salmon et al. 2011; key = (seed, 0), counter = (block, frame, variant, 0), four
   * words per block) through Box–Muller. Fills row `i` of `out` (float32 [b, …], row length a multiple of 4) from
   * `keys[i]`.
   */
  gaussianNoise(keys: readonly NoiseKey[], out: DeviceTensor): void;
  /**
   * Picture uint8 [h, w, 4] or [1, h, w, 4] to CLIP pixels [1, 3, size, size]: values in 0…1, bicubic with a = -0.75,
   * align_corners false, no antialiasing, no crop, no clamp, edges repeated; then CLIP's mean and deviation. Ignores alpha.
   */
  clipPreprocess(picture: DeviceTensor, size: number, type: ModelType): DeviceTensor;
  /**
   * CLIP guidance, all repeats in one dispatch. The rows of `embeds` [b, d] (float32 or float16) are independent.
   * Loss = negativeScale * mean cos(e, negatives) - positiveScale * mean cos(e, positives), without the term of a side
   * that has no prompts. Returns `shifted` float32 [b, d] and `report` float32 [b, 5]: cosine between e before and after;
   * mean cosine to the positives before and after; mean cosine to the negatives before and after (0 without prompts).
   */
  clipGuidance(embeds: DeviceTensor, terms: GuidanceTerms): { shifted: DeviceTensor; report: DeviceTensor };
  /** Cosine of every row of `a` [n, d] with every row of `b` [m, d] (float32 both): float32 [n, m]. */
  cosines(a: DeviceTensor, b: DeviceTensor): DeviceTensor;
  /**
   * Sets row `row` of `out` to `(1 - t) * a + t * b` (a, b float32 [1, …]). With `renormalise`, divides by
   * sqrt(t² + (1 - t)² + 2 t (1 - t) correlation), which preserves the variance of noises with that correlation (0 … 1);
   * the default, 0, is for independent noises.
   */
  lerp(
    a: DeviceTensor,
    b: DeviceTensor,
    t: number,
    renormalise: boolean,
    out: DeviceTensor,
    row: number,
    correlation?: number,
  ): void;
  /** Copies `latents` (float32 [b, …]) to `modelInput` [b, …], converting to its type. */
  modelInput(latents: DeviceTensor, modelInput: DeviceTensor): void;
  /**
   * One step of DPM-Solver++ with classifier-free guidance, in place, in one dispatch. `modelOutput` has 2b rows,
   * unconditional first (output = u + guidanceScale * (c - u)), or b. `latents` and `previousX0` are float32 [b, …] and
   * are updated; the new latents are also written to `modelInput` [b, …], ready for the next evaluation.
   *
   * `difference`, float32 [b, …], caches guidance: with 2b rows, c - u is written to it; with b rows, it is read
   * (output = c + (guidanceScale - 1) * difference). Without it, b rows are used as they are.
   *
   * @param overflow Overflow flags, float32 [2]. The first is set to 1 if a new latent is not finite; never reset.
   */
  dpmSolverStep(
    step: SolverStep,
    guidanceScale: number,
    modelOutput: DeviceTensor,
    state: SolverState,
    overflow?: DeviceTensor,
  ): void;
  /**
   * Linear preview of latents float32 [b, c, h, w]: uint8 [b, h, w, 4], each pixel `bias + latents · factors` in -1…1, the
   * range of the decoder's output. `factors` has r, g, b for each channel, then for the bias: 3 (c + 1) numbers.
   */
  latentPreview(latents: DeviceTensor, factors: readonly number[]): DeviceTensor;
  /** Copies the rectangle of `latents` float32 [b, c, H, W] at (`top`, `left`) to `tile` [b, c, h, w], converting to its type. */
  cutTile(latents: DeviceTensor, top: number, left: number, tile: DeviceTensor): void;
  /**
   * Adds `tile` [b, c, h, w] (float16 or float32) to `out` float32 [b, c, H, W] at its spans' positions, multiplied by the
   * weights of row and column. The weights of adjacent tiles add up to 1.
   */
  blendTile(tile: DeviceTensor, out: DeviceTensor, rows: TileSpan, columns: TileSpan): void;
  /**
   * Decoder output [b, 3, H, W] in -1…1 (float16 or float32) to 8-bit RGBA [b, H, W, 4], rounded, clamped, opaque.
   *
   * @param overflow Overflow flags, float32 [2]. The second is set to 1 if the output is not finite.
   */
  frameFromDecoded(decoded: DeviceTensor, overflow?: DeviceTensor): DeviceTensor;

  /** Frees all resources except the caller's tensors. */
  dispose(): void;
}
