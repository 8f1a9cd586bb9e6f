/** `Compute` in plain TypeScript: the oracle in tests, the fallback without a GPU. */
import type { Picture } from '../../base/index.ts';
import * as check from '../checks.ts';
import { checkBlendTile, checkCutTile } from '../tiles.ts';
import type {
  Compute,
  CpuTensor,
  DeviceTensor,
  ElementType,
  GuidanceTerms,
  ModelType,
  NoiseKey,
  SolverState,
  SolverStep,
  TileSpan,
} from '../types.ts';
import { clipGuidance } from './clip-guidance.ts';
import { clipPreprocess } from './clip-preprocess.ts';
import { cosines } from './cosines.ts';
import { dpmSolverStep } from './dpm-solver-step.ts';
import { frameFromDecoded } from './frame-from-decoded.ts';
import { latentPreview } from './latent-preview.ts';
import { lerp } from './lerp.ts';
import { gaussianNoise } from './noise.ts';
import { cpuTensor, floats, cpuHeadOf, MemoryTensor, pixels } from './tensor.ts';
import { blendTile, cutTile } from './tiles.ts';

/** Accumulates in float64, returns float32. Operations run immediately; nothing is queued. */
class CpuCompute implements Compute {
  readonly device = 'cpu';
  readonly modelType = 'float32';
  #liveTensors = 0;

  get liveTensors(): number {
    return this.#liveTensors;
  }

  #tensor(data: CpuTensor['data'], dims: readonly number[]): DeviceTensor {
    this.#liveTensors++;
    return new MemoryTensor(data, dims, () => {
      this.#liveTensors--;
    });
  }

  empty(dims: readonly number[], type: ElementType): DeviceTensor {
    check.checkTypeSupported(type, this.modelType);
    const count = check.elementCount(dims);
    return this.#tensor(type === 'uint8' ? new Uint8ClampedArray(count) : new Float32Array(count), dims);
  }

  upload(values: Float32Array, dims: readonly number[], type: ModelType = 'float32'): DeviceTensor {
    check.checkTypeSupported(type, this.modelType);
    check.checkUpload(values, dims);
    return this.#tensor(Float32Array.from(values), dims);
  }

  uploadPicture(picture: Picture): DeviceTensor {
    return this.#tensor(picture.data.slice(), check.checkPicture(picture));
  }

  head(tensor: DeviceTensor, rows: number): DeviceTensor {
    return cpuHeadOf(cpuTensor(tensor), check.checkHead(tensor, rows));
  }

  row(tensor: DeviceTensor, index: number): DeviceTensor {
    const { dims, length, offset } = check.checkRow(tensor, index);
    return this.#tensor(cpuTensor(tensor).data.slice(offset, offset + length), dims);
  }

  copyRows(source: DeviceTensor, target: DeviceTensor, row: number): void {
    const { offset } = check.checkCopyRows(source, target, row);
    cpuTensor(target).data.set(cpuTensor(source).data, offset);
  }

  async read(tensors: readonly DeviceTensor[], signal?: AbortSignal): Promise<CpuTensor['data'][]> {
    signal?.throwIfAborted();
    const copies = tensors.map((tensor) => cpuTensor(tensor).data.slice());
    await Promise.resolve();
    signal?.throwIfAborted();
    return copies;
  }

  /** Yields one macrotask, so that the worker can receive a message to stop. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      setTimeout(resolve);
    });
  }

  gaussianNoise(keys: readonly NoiseKey[], out: DeviceTensor): void {
    const { length } = check.checkNoise(keys, out);
    for (const [row, key] of keys.entries()) gaussianNoise(key, floats(out), row * length, length);
  }

  clipPreprocess(picture: DeviceTensor, size: number, type: ModelType): DeviceTensor {
    check.checkTypeSupported(type, this.modelType);
    const { height, width } = check.checkPreprocess(picture, size);
    return this.#tensor(clipPreprocess(pixels(picture), height, width, size), [1, 3, size, size]);
  }

  clipGuidance(embeds: DeviceTensor, terms: GuidanceTerms): { shifted: DeviceTensor; report: DeviceTensor } {
    const { rows, length } = check.checkGuidance(embeds, terms);
    const text = terms.text === null ? new Float32Array(0) : floats(terms.text);
    const { shifted, report } = clipGuidance(floats(embeds), rows, length, text, terms);
    return { shifted: this.#tensor(shifted, [rows, length]), report: this.#tensor(report, [rows, 5]) };
  }

  cosines(a: DeviceTensor, b: DeviceTensor): DeviceTensor {
    const { rows, columns, length } = check.checkCosines(a, b);
    return this.#tensor(cosines(floats(a), floats(b), rows, columns, length), [rows, columns]);
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
    const { offset, weightA, weightB } = check.checkLerp(a, b, t, renormalise, out, row, correlation);
    lerp(floats(a), floats(b), weightA, weightB, floats(out), offset);
  }

  modelInput(latents: DeviceTensor, modelInput: DeviceTensor): void {
    check.checkModelInput(latents, modelInput);
    floats(modelInput).set(floats(latents));
  }

  dpmSolverStep(
    step: SolverStep,
    guidanceScale: number,
    modelOutput: DeviceTensor,
    state: SolverState,
    overflow?: DeviceTensor,
  ): void {
    check.checkSolverStep(modelOutput, state);
    if (overflow) check.checkOverflow('dpmSolverStep', overflow);
    const finite = dpmSolverStep(step, guidanceScale, floats(modelOutput), {
      latents: floats(state.latents),
      previousX0: floats(state.previousX0),
      modelInput: floats(state.modelInput),
      difference: state.difference ? floats(state.difference) : null,
    });
    if (overflow && !finite) floats(overflow)[0] = 1;
  }

  latentPreview(latents: DeviceTensor, factors: readonly number[]): DeviceTensor {
    const size = check.checkPreview(latents, factors);
    const picture = latentPreview(floats(latents), factors, size);
    return this.#tensor(picture, [size.batch, size.height, size.width, 4]);
  }

  cutTile(latents: DeviceTensor, top: number, left: number, tile: DeviceTensor): void {
    cutTile(floats(latents), floats(tile), checkCutTile(latents, top, left, tile));
  }

  blendTile(tile: DeviceTensor, out: DeviceTensor, rows: TileSpan, columns: TileSpan): void {
    blendTile(floats(tile), floats(out), checkBlendTile(tile, out, rows, columns));
  }

  frameFromDecoded(decoded: DeviceTensor, overflow?: DeviceTensor): DeviceTensor {
    const { batch, height, width } = check.checkDecoded(decoded);
    if (overflow) {
      check.checkOverflow('frameFromDecoded', overflow);
      if (!floats(decoded).every(Number.isFinite)) floats(overflow)[1] = 1;
    }
    return this.#tensor(frameFromDecoded(floats(decoded), batch, height, width), [batch, height, width, 4]);
  }

  dispose(): void {
    // Tensors own all memory.
  }
}

/** Creates the CPU implementation of `Compute`. */
export function createCpuCompute(): Compute {
  return new CpuCompute();
}
