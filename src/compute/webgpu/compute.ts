import { DeviceError, DriftError, float32ToFloat16 } from '../../base/index.ts';
import type { Picture } from '../../base/index.ts';
import * as check from '../checks.ts';
import { checkBlendTile, checkCutTile } from '../tiles.ts';
import type {
  Compute,
  DeviceTensor,
  ElementType,
  GpuTensor,
  GuidanceTerms,
  ModelType,
  NoiseKey,
  SolverState,
  SolverStep,
  TileSpan,
} from '../types.ts';
import { byteLength, gpuTensor, gpuHeadOf, alignUp, TensorAllocator } from './buffers.ts';
import { DeviceHealth } from './device-health.ts';
import { Dispatcher } from './dispatcher.ts';
import type { KernelName, KernelParams } from './kernels.ts';
import type { ParamValues } from './params.ts';
import type { Pipelines } from './pipelines.ts';
import { placementParams, spanParams } from './tile-params.ts';
import { readBack } from './readback.ts';

/** `Compute` as WGSL kernels on one device. Every operation is one submission to the queue. */
export class WebGpuCompute implements Compute {
  readonly device = 'webgpu';
  readonly modelType: ModelType;
  readonly #gpu: GPUDevice;
  readonly #tensors: TensorAllocator;
  readonly #kernels: Dispatcher;
  readonly #health: DeviceHealth;

  constructor(device: GPUDevice, modelType: ModelType, pipelines: Pipelines) {
    this.#gpu = device;
    this.modelType = modelType;
    this.#tensors = new TensorAllocator(device);
    this.#kernels = new Dispatcher(device, pipelines);
    this.#health = new DeviceHealth(device);
  }

  #dispatch<N extends KernelName>(
    name: N,
    type: ModelType,
    params: ParamValues<KernelParams<N>>,
    buffers: readonly (GPUBuffer | null)[],
    grid: readonly number[],
  ): void {
    this.#health.requireUsable();
    this.#kernels.run(name, type, params, buffers, grid);
  }

  get liveTensors(): number {
    return this.#tensors.liveTensors;
  }

  empty(dims: readonly number[], type: ElementType): GpuTensor {
    check.checkTypeSupported(type, this.modelType);
    this.#health.requireUsable();
    return this.#tensors.allocate(dims, type);
  }

  upload(values: Float32Array, dims: readonly number[], type: ModelType = 'float32'): DeviceTensor {
    check.checkUpload(values, dims);
    const tensor = this.empty(dims, type);
    // Padded, because writes need multiples of 4 bytes; copied, because not all browsers accept shared memory.
    const elements = type === 'float32' ? Float32Array.from(values) : float32ToFloat16(values);
    const bytes = new Uint8Array(alignUp(elements.byteLength, 4));
    bytes.set(new Uint8Array(elements.buffer));
    this.#gpu.queue.writeBuffer(tensor.buffer, 0, bytes);
    return tensor;
  }

  uploadPicture(picture: Picture): DeviceTensor {
    const tensor = this.empty(check.checkPicture(picture), 'uint8');
    this.#gpu.queue.writeBuffer(tensor.buffer, 0, picture.data);
    return tensor;
  }

  head(tensor: DeviceTensor, rows: number): DeviceTensor {
    return gpuHeadOf(gpuTensor(tensor), check.checkHead(tensor, rows));
  }

  row(tensor: DeviceTensor, index: number): DeviceTensor {
    const { dims, offset } = check.checkRow(tensor, index);
    const copy = this.empty(dims, tensor.type);
    try {
      const from = (offset / check.elementCount(tensor.dims)) * byteLength(tensor.dims, tensor.type);
      this.#copy('row', tensor, from, copy, 0, byteLength(dims, tensor.type));
      return copy;
    } catch (error) {
      copy.dispose();
      throw error;
    }
  }

  copyRows(source: DeviceTensor, target: DeviceTensor, row: number): void {
    const { offset } = check.checkCopyRows(source, target, row);
    const to = (offset / check.elementCount(target.dims)) * byteLength(target.dims, target.type);
    this.#copy('copyRows', source, 0, target, to, byteLength(source.dims, source.type));
  }

  #copy(
    operation: string,
    source: DeviceTensor,
    from: number,
    target: DeviceTensor,
    to: number,
    bytes: number,
  ): void {
    this.#health.requireUsable();
    if (from % 4 !== 0 || to % 4 !== 0 || bytes % 4 !== 0) {
      throw check.tensorError('tensor-shape', 'Rows in float16 are copied by pairs of numbers.', {
        operation,
        start: Math.max(from, to),
        bytes,
      });
    }
    const encoder = this.#gpu.createCommandEncoder({ label: operation });
    encoder.copyBufferToBuffer(gpuTensor(source).buffer, from, gpuTensor(target).buffer, to, bytes);
    this.#gpu.queue.submit([encoder.finish()]);
  }

  async read(
    tensors: readonly DeviceTensor[],
    signal?: AbortSignal,
  ): Promise<(Float32Array<ArrayBuffer> | Uint8ClampedArray<ArrayBuffer>)[]> {
    signal?.throwIfAborted();
    this.#health.requireUsable();
    const sources = tensors.map(gpuTensor);
    try {
      const values = await readBack(this.#gpu, sources, this.#health.lost, signal);
      this.#health.throwFailure();
      return values;
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof DriftError) throw error;
      // A lost device may reject the mapping before `lost` settles: wait one more turn for the reason.
      await this.#gpu.queue.onSubmittedWorkDone().catch(() => undefined);
      this.#health.throwFailure();
      throw new DeviceError('device-failed', 'The GPU did not hand back its result.', {
        remedy: 'Try again. If it happens again, choose a smaller picture or batch.',
        details: { reason: error instanceof Error ? error.message : String(error) },
        cause: error,
      });
    }
  }

  async idle(): Promise<void> {
    await this.#health.lost.race(this.#gpu.queue.onSubmittedWorkDone());
    this.#health.throwFailure();
  }

  gaussianNoise(keys: readonly NoiseKey[], out: DeviceTensor): void {
    const { length } = check.checkNoise(keys, out);
    const blocks = length / 4;
    for (const [row, { seed, frame, variant }] of keys.entries()) {
      this.#dispatch(
        'gaussian_noise',
        'float32',
        { blocks, offset: row * length, seed, frame, variant },
        [gpuTensor(out).buffer],
        this.#kernels.perElement(blocks),
      );
    }
  }

  clipPreprocess(picture: DeviceTensor, size: number, type: ModelType): DeviceTensor {
    const { height, width } = check.checkPreprocess(picture, size);
    const source = gpuTensor(picture).buffer;
    const out = this.empty([1, 3, size, size], type);
    this.#dispatch(
      'clip_preprocess',
      type,
      { mean: check.clipMean, deviation: [...check.clipDeviation, 1], source: [width, height], size },
      [source, out.buffer],
      [Math.ceil(size / 8), Math.ceil(size / 8)],
    );
    return out;
  }

  clipGuidance(embeds: DeviceTensor, terms: GuidanceTerms): { shifted: DeviceTensor; report: DeviceTensor } {
    const { rows, length } = check.checkGuidance(embeds, terms);
    const source = gpuTensor(embeds).buffer;
    const text = terms.text === null ? null : gpuTensor(terms.text).buffer;
    const shifted = this.empty([rows, length], 'float32');
    const report = this.empty([rows, 5], 'float32');
    const means = this.empty([rows, length, 2], 'float32');
    this.#dispatch(
      'clip_guidance',
      embeds.type === 'float16' ? 'float16' : 'float32',
      {
        length,
        positives: terms.positives,
        negatives: terms.negatives,
        repeats: terms.repeats,
        positive_scale: terms.positiveScale,
        negative_scale: terms.negativeScale,
      },
      [source, text, means.buffer, shifted.buffer, report.buffer],
      [rows],
    );
    means.dispose(); // WebGPU keeps the buffer until the kernel has run
    return { shifted, report };
  }

  cosines(a: DeviceTensor, b: DeviceTensor): DeviceTensor {
    const { rows, columns, length } = check.checkCosines(a, b);
    const sources = [gpuTensor(a).buffer, gpuTensor(b).buffer];
    const out = this.empty([rows, columns], 'float32');
    const grid = this.#kernels.grid(rows * columns);
    this.#dispatch('cosines', 'float32', { rows, columns, length }, [...sources, out.buffer], grid);
    return out;
  }

  lerp(
    a: DeviceTensor,
    b: DeviceTensor,
    t: number,
    renormalise: boolean,
    out: DeviceTensor,
    row: number,
    correlation?: number,
  ): void {
    const { length, offset, weightA, weightB } = check.checkLerp(a, b, t, renormalise, out, row, correlation);
    this.#dispatch(
      'lerp',
      'float32',
      { count: length, offset, weight_a: weightA, weight_b: weightB },
      [gpuTensor(a).buffer, gpuTensor(b).buffer, gpuTensor(out).buffer],
      this.#kernels.perElement(length),
    );
  }

  modelInput(latents: DeviceTensor, modelInput: DeviceTensor): void {
    const count = check.checkModelInput(latents, modelInput);
    this.#dispatch(
      'model_input',
      modelInput.type === 'float16' ? 'float16' : 'float32',
      { count },
      [gpuTensor(latents).buffer, gpuTensor(modelInput).buffer],
      this.#kernels.perElement(count),
    );
  }

  dpmSolverStep(
    step: SolverStep,
    guidanceScale: number,
    modelOutput: DeviceTensor,
    state: SolverState,
    overflow?: DeviceTensor,
  ): void {
    const { count, guidance } = check.checkSolverStep(modelOutput, state);
    const { x0FromSample, x0FromOutput, sampleWeight, x0Weight, previousWeight } = step;
    this.#dispatch(
      'dpm_solver_step',
      modelOutput.type === 'float16' ? 'float16' : 'float32',
      {
        count,
        guidance: { none: 0, full: 1, kept: 2 }[guidance],
        guidance_scale: guidanceScale,
        x0_from_sample: x0FromSample,
        x0_from_output: x0FromOutput,
        sample_weight: sampleWeight,
        x0_weight: x0Weight,
        previous_weight: previousWeight,
      },
      [
        ...[modelOutput, state.latents, state.previousX0, state.modelInput].map(
          (tensor) => gpuTensor(tensor).buffer,
        ),
        this.#overflowFlags('dpmSolverStep', overflow),
        state.difference ? gpuTensor(state.difference).buffer : null,
      ],
      this.#kernels.perElement(count),
    );
  }

  latentPreview(latents: DeviceTensor, factors: readonly number[]): DeviceTensor {
    const { batch, channels, height, width } = check.checkPreview(latents, factors);
    const source = gpuTensor(latents).buffer;
    const area = height * width;
    const out = this.empty([batch, height, width, 4], 'uint8');
    this.#dispatch(
      'latent_preview',
      'float32',
      {
        channels,
        pixels: batch * area,
        area,
        // Rows of three numbers, each padded to four.
        factors: factors.flatMap((factor, index) => (index % 3 === 2 ? [factor, 0] : [factor])),
      },
      [source, out.buffer],
      this.#kernels.perElement(batch * area),
    );
    return out;
  }

  cutTile(latents: DeviceTensor, top: number, left: number, tile: DeviceTensor): void {
    const { count, ...placement } = checkCutTile(latents, top, left, tile);
    this.#dispatch(
      'cut_tile',
      tile.type === 'float16' ? 'float16' : 'float32',
      { ...placementParams(placement), count, top, left },
      [gpuTensor(latents).buffer, gpuTensor(tile).buffer],
      this.#kernels.perElement(count),
    );
  }

  blendTile(tile: DeviceTensor, out: DeviceTensor, rows: TileSpan, columns: TileSpan): void {
    const { count, ...placement } = checkBlendTile(tile, out, rows, columns);
    this.#dispatch(
      'blend_tile',
      tile.type === 'float16' ? 'float16' : 'float32',
      { ...placementParams(placement), count, rows: spanParams(rows), columns: spanParams(columns) },
      [gpuTensor(tile).buffer, gpuTensor(out).buffer],
      this.#kernels.perElement(count),
    );
  }

  frameFromDecoded(decoded: DeviceTensor, overflow?: DeviceTensor): DeviceTensor {
    const { batch, height, width } = check.checkDecoded(decoded);
    const source = gpuTensor(decoded).buffer;
    const flags = this.#overflowFlags('frameFromDecoded', overflow);
    const area = height * width;
    const out = this.empty([batch, height, width, 4], 'uint8');
    this.#dispatch(
      'frame_from_decoded',
      decoded.type === 'float16' ? 'float16' : 'float32',
      { pixels: batch * area, area },
      [source, out.buffer, flags],
      this.#kernels.perElement(batch * area),
    );
    return out;
  }

  #overflowFlags(operation: string, overflow: DeviceTensor | undefined): GPUBuffer | null {
    if (!overflow) return null;
    check.checkOverflow(operation, overflow);
    return gpuTensor(overflow).buffer;
  }

  dispose(): void {
    if (this.#health.close()) this.#kernels.dispose();
  }
}
