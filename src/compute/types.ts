import type { Picture } from '../base/index.ts';

/** Element types of tensors. Pictures are `uint8`; what models read and write is `float16` or `float32`. */
export type ElementType = 'float32' | 'float16' | 'uint8';
/** What the networks compute in on this device. */
export type ModelType = 'float32' | 'float16';

interface TensorBase {
  readonly dims: readonly number[];
  readonly type: ElementType;
  /** Frees the memory. Idempotent. Using a disposed tensor is an error. */
  dispose(): void;
}

/** A tensor in a GPU buffer of the one device that Drift and ONNX Runtime share. */
export interface GpuTensor extends TensorBase {
  readonly device: 'webgpu';
  readonly buffer: GPUBuffer;
}

/** A tensor in memory. There is no `float16` here: the CPU path computes in float32. */
export interface CpuTensor extends TensorBase {
  readonly device: 'cpu';
  readonly data: Float32Array<ArrayBuffer> | Uint8ClampedArray<ArrayBuffer>;
}

/** A row-major tensor on whichever device computes. Whoever asked for it disposes it. */
export type DeviceTensor = GpuTensor | CpuTensor;

/**
 * Names one draw of noise. The same key gives the same noise on every device (up to the last bits of
 * `log` and `cos`), and different keys give independent noise.
 */
export interface NoiseKey {
  /** 0 … 2^32 - 1, the seed that the user sees. */
  readonly seed: number;
  /** Which frame of the animation, 0 … 2^32 - 1. */
  readonly frame: number;
  /** Which variant of that frame, 0 … 2^32 - 1. */
  readonly variant: number;
}

/** What CLIP guidance pulls toward and pushes away from. */
export interface GuidanceTerms {
  /** float32 [positives + negatives, d], unit rows, positives first. Null where there are no prompts. */
  readonly text: DeviceTensor | null;
  readonly positives: number;
  readonly negatives: number;
  readonly positiveScale: number;
  readonly negativeScale: number;
  /** Steps of plain gradient descent with learning rate 1; 0 leaves the embedding as it is. */
  readonly repeats: number;
}

/**
 * One step of DPM-Solver++ as three sums, so that the kernel needs to know neither the schedule nor the
 * order nor what the network predicts:
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

/** Where a tile lies along one side of a picture, and where it fades into its neighbours; in pixels of the picture. */
export interface TileSpan {
  readonly start: number;
  /** Length of a fade. */
  readonly fade: number;
  /** Where its weight begins to rise from 0 to 1; null at the picture's edge, where it counts in full. */
  readonly fadeIn: number | null;
  /** Where its weight begins to fall from 1 to 0: where the next tile's `fadeIn` is. */
  readonly fadeOut: number | null;
}

/** What one step of the solver reads and updates. */
export interface SolverState {
  readonly latents: DeviceTensor;
  readonly previousX0: DeviceTensor;
  readonly modelInput: DeviceTensor;
  /** Conditional less unconditional output, as it was last computed. */
  readonly difference?: DeviceTensor | undefined;
}

/**
 * The operations that Drift runs between the networks. Operations on the GPU are queued in order and
 * return at once; only `read` and `idle` wait for the device.
 */
export interface Compute {
  readonly device: 'webgpu' | 'cpu';
  /** The type in which model inputs and outputs travel on this device. */
  readonly modelType: ModelType;
  /** Tensors made by this object and not yet disposed. */
  readonly liveTensors: number;

  /** A tensor of zeros. */
  empty(dims: readonly number[], type: ElementType): DeviceTensor;
  /** Copies float values into a tensor, rounding to float16 where asked. */
  upload(values: Float32Array, dims: readonly number[], type?: ModelType): DeviceTensor;
  /** Copies a picture into a uint8 tensor [height, width, 4]. */
  uploadPicture(picture: Picture): DeviceTensor;
  /** A second name for the first `rows` rows of a tensor; it shares memory and disposing it frees nothing. */
  head(tensor: DeviceTensor, rows: number): DeviceTensor;
  /** A copy of one row: [1, …]. */
  row(tensor: DeviceTensor, index: number): DeviceTensor;
  /** Copies all rows of `source` over the rows of `target` that start at `row`; same type, same row size. */
  copyRows(source: DeviceTensor, target: DeviceTensor, row: number): void;
  /**
   * Brings tensors back to memory in ONE read-back: floats as Float32Array (float16 is widened), uint8 as
   * Uint8ClampedArray. Throws the signal's reason when it is aborted before the data is there.
   */
  read(
    tensors: readonly DeviceTensor[],
    signal?: AbortSignal,
  ): Promise<(Float32Array<ArrayBuffer> | Uint8ClampedArray<ArrayBuffer>)[]>;
  /** Resolves when the device has finished all that was queued. */
  idle(): Promise<void>;

  /**
   * Standard normal noise: Philox4x32-10 (Salmon et al. 2011, key = (seed, 0), counter = (block, frame, variant, 0),
   * four words to a block) through Box–Muller. Fills row `i` of `out` (float32 [b, …], row length a multiple of 4)
   * from `keys[i]`.
   */
  gaussianNoise(keys: readonly NoiseKey[], out: DeviceTensor): void;
  /**
   * Picture uint8 [h, w, 4] or [1, h, w, 4] to CLIP pixels [1, 3, size, size]: values in 0…1, bicubic with a = -0.75, align_corners
   * false, no antialias, no crop, no clamp, edges repeated; then CLIP's mean and deviation. Alpha is not read.
   */
  clipPreprocess(picture: DeviceTensor, size: number, type: ModelType): DeviceTensor;
  /**
   * CLIP guidance, all repeats in one dispatch. `embeds` [b, d] (float32 or float16), rows are independent.
   * Loss = negativeScale * mean cos(e, negatives) - positiveScale * mean cos(e, positives); a side without
   * prompts is left out. Returns `shifted` float32 [b, d] and `report` float32 [b, 5]: cosine between e before and
   * after, mean cosine to positives before and after, mean cosine to negatives before and after (0 for a side
   * without prompts).
   */
  clipGuidance(embeds: DeviceTensor, terms: GuidanceTerms): { shifted: DeviceTensor; report: DeviceTensor };
  /** Cosine of every row of `a` [n, d] with every row of `b` [m, d] (float32 both): float32 [n, m]. */
  cosines(a: DeviceTensor, b: DeviceTensor): DeviceTensor;
  /**
   * Row `row` of `out` becomes `(1 - t) * a + t * b` (a, b float32 [1, …]), divided when `renormalise` is set by
   * sqrt(t² + (1 - t)² + 2 t (1 - t) correlation), which keeps the variance of noises that correlate by 0 … 1;
   * independent noises, which are meant where nothing is said, do not.
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
  /** Writes `latents` (float32 [b, …]) into `modelInput` [b, …], in its type. */
  modelInput(latents: DeviceTensor, modelInput: DeviceTensor): void;
  /**
   * One step of DPM-Solver++ with classifier-free guidance, in place, in one dispatch. `modelOutput` has 2b rows,
   * unconditional ones first (output = u + guidanceScale * (c - u)), or b. `latents` and `previousX0` are float32 [b, …]
   * and are updated; the new latents are also written into `modelInput` [b, …], ready for the next evaluation.
   *
   * `difference`, float32 [b, …], keeps guidance: where there are 2b rows, c - u is written there, and where there are b,
   * it is read (output = c + (guidanceScale - 1) * difference). Without it, b rows are the output as they are.
   *
   * @param faults - float32 [2]: the first number becomes 1 where new latents are not finite, and stays as it is where
   *   they all are
   */
  dpmSolverStep(
    step: SolverStep,
    guidanceScale: number,
    modelOutput: DeviceTensor,
    state: SolverState,
    faults?: DeviceTensor,
  ): void;
  /**
   * A small picture of latents float32 [b, c, h, w]: uint8 [b, h, w, 4], each pixel `bias + latents · factors` in
   * -1…1 as the decoder's output is. `factors` is a row of r, g, b for each channel, then one of bias: 3 (c + 1) numbers.
   */
  latentPreview(latents: DeviceTensor, factors: readonly number[]): DeviceTensor;
  /** Copies the rectangle of `latents` float32 [b, c, H, W] that begins at (`top`, `left`) into `tile` [b, c, h, w], in its type. */
  cutTile(latents: DeviceTensor, top: number, left: number, tile: DeviceTensor): void;
  /**
   * Adds `tile` [b, c, h, w] (float16 or float32) to `out` float32 [b, c, H, W] where its spans say, each number times the
   * weights of its row and column. Tiles whose fades meet add up to a weight of 1.
   */
  blendTile(tile: DeviceTensor, out: DeviceTensor, rows: TileSpan, columns: TileSpan): void;
  /**
   * Decoder output [b, 3, H, W] in -1…1 (float16 or float32) to 8-bit RGBA [b, H, W, 4], rounded, clamped, opaque.
   *
   * @param faults - float32 [2]: the second number becomes 1 where the output is not finite
   */
  frameFromDecoded(decoded: DeviceTensor, faults?: DeviceTensor): DeviceTensor;

  /** Frees everything that is not a tensor of the caller's. */
  dispose(): void;
}
