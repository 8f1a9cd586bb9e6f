import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createCpuCompute } from '../../../src/compute/index.ts';
import type { Compute, DeviceTensor, ModelType, SolverStep } from '../../../src/compute/index.ts';
import { describeTensors } from '../../unit/compute/contract.ts';
import {
  golden,
  goldenChecks,
  largestDifference,
  noisePicture,
  normal,
  relativeError,
  unitRows,
  values,
} from '../../unit/compute/support.ts';
import { openCompute } from './open.ts';

/** Rounds values to the type, so that both devices start from the same numbers. */
async function representable(compute: Compute, data: Float32Array, type: ModelType): Promise<Float32Array> {
  const tensor = compute.upload(data, [data.length], type);
  const rounded = Float32Array.from(await values(compute, tensor));
  tensor.dispose();
  return rounded;
}

describe.each(['float32', 'float16'] as const)('with models in %s', (modelType) => {
  const cpu = createCpuCompute();
  let gpu: Compute;
  let device: GPUDevice;
  /** Relative tolerance for rounding the result to the model's type. */
  const rounding = modelType === 'float16' ? 2 ** -11 : 2 ** -22;

  beforeAll(async () => {
    ({ compute: gpu, device } = await openCompute(modelType));
  });
  afterEach(() => {
    expect(gpu.liveTensors).toBe(0);
  });
  afterAll(() => {
    gpu.dispose();
    device.destroy();
  });

  describeTensors(() => gpu);

  /** Runs an operation on both devices and reads its results; disposes the tensors passed to `keep`. */
  async function onBoth(
    run: (compute: Compute, keep: <T extends DeviceTensor>(tensor: T) => T) => DeviceTensor[],
  ): Promise<{ gpu: number[]; cpu: number[] }[]> {
    const results: number[][][] = [];
    for (const compute of [gpu, cpu]) {
      const kept = new Set<DeviceTensor>();
      const outputs = run(compute, (tensor) => {
        kept.add(tensor);
        return tensor;
      });
      results.push((await compute.read(outputs)).map((data) => Array.from(data)));
      for (const tensor of [...kept, ...outputs]) tensor.dispose();
    }
    const [onGpu = [], onCpu = []] = results;
    expect(onGpu.length).toBeGreaterThan(0);
    return onGpu.map((data, i) => ({ gpu: data, cpu: onCpu[i] ?? [] }));
  }

  const typeOn = (compute: Compute): ModelType => (compute === gpu ? modelType : 'float32');

  it.each([4, 252, 260, 4 * 1021])('gaussianNoise agrees with the CPU: %i numbers', async (length) => {
    const keys = [
      { seed: 1, frame: 2, variant: 3 },
      { seed: 2 ** 32 - 1, frame: 2 ** 32 - 1, variant: 2 ** 32 - 1 },
      { seed: 0, frame: 0, variant: 0 },
    ];
    const [noise] = await onBoth((compute) => {
      const out = compute.empty([3, length], 'float32');
      compute.gaussianNoise(keys, out);
      return [out];
    });
    expect(largestDifference(noise?.gpu ?? [], noise?.cpu ?? [])).toBeLessThan(2e-6);
  });

  it.each([
    [1, 1, 5],
    [7, 3, 8],
    [512, 512, 224],
    [641, 479, 224],
    [17, 900, 33],
    [4000, 3, 336],
  ])('clipPreprocess of a picture of %i×%i at %i agrees with the CPU', async (width, height, size) => {
    const picture = await noisePicture(width + height, width, height);
    const [pixels] = await onBoth((compute, keep) => [
      compute.clipPreprocess(keep(compute.uploadPicture(picture)), size, typeOn(compute)),
    ]);
    // CLIP pixels are in about -2.2 … 2.2.
    expect(largestDifference(pixels?.gpu ?? [], pixels?.cpu ?? [])).toBeLessThan(3 * rounding + 3e-6);
  });

  it.each(goldenChecks('preprocess'))('clipPreprocess agrees with the original: $name', async (check) => {
    const source = gpu.uploadPicture(await golden.picture(check.image));
    const pixels = gpu.clipPreprocess(source, 224, modelType);
    expect(pixels).toMatchObject({ type: modelType, dims: [1, 3, 224, 224] });
    const expected = (await golden.array(check.pixelValues)).data;
    expect(relativeError(await values(gpu, pixels), expected)).toBeLessThan(rounding + 2e-6);
    source.dispose();
    pixels.dispose();
  });

  it.each(goldenChecks('guidance'))('clipGuidance agrees with the original: $name', async (check) => {
    const embeds = await golden.array(check.imageEmbeds);
    const text = await golden.array(check.textEmbeds);
    const tensors = [gpu.upload(embeds.data, embeds.dims), gpu.upload(text.data, text.dims)] as const;
    const { shifted, report } = gpu.clipGuidance(tensors[0], { ...check, text: tensors[1] });
    const expected = (await golden.array(check.shifted)).data;
    // Embeddings are float32 for every model type.
    expect(relativeError(await values(gpu, shifted), expected)).toBeLessThan(2e-6);
    for (const tensor of [...tensors, shifted, report]) tensor.dispose();
  });

  it.each([
    { rows: 1, length: 1, positives: 1, negatives: 0, repeats: 1 },
    { rows: 3, length: 7, positives: 0, negatives: 2, repeats: 3 },
    { rows: 2, length: 255, positives: 1, negatives: 1, repeats: 10 },
    { rows: 5, length: 257, positives: 3, negatives: 40, repeats: 2 },
    { rows: 2, length: 768, positives: 5, negatives: 9, repeats: 0 },
    { rows: 4, length: 1280, positives: 5, negatives: 9, repeats: 10 },
    { rows: 1, length: 3001, positives: 0, negatives: 0, repeats: 10 },
    { rows: 2, length: 64, positives: 2, negatives: 2, repeats: 300 },
  ])('clipGuidance agrees with the CPU: %j', async (shape) => {
    const { rows, length, positives, negatives } = shape;
    const embeds = await representable(gpu, await normal(length, rows * length), modelType);
    const prompts = positives + negatives;
    const text = unitRows(await normal(length + 1, Math.max(prompts, 1) * length), length);
    const [shifted, report] = await onBoth((compute, keep) => {
      const guided = compute.clipGuidance(keep(compute.upload(embeds, [rows, length], typeOn(compute))), {
        ...shape,
        text: prompts === 0 ? null : keep(compute.upload(text, [prompts, length])),
        positiveScale: 30,
        negativeScale: 20,
      });
      expect(guided.shifted).toMatchObject({ type: 'float32', dims: [rows, length] });
      expect(guided.report).toMatchObject({ type: 'float32', dims: [rows, 5] });
      return [guided.shifted, guided.report];
    });
    expect(relativeError(shifted?.gpu ?? [], shifted?.cpu ?? [])).toBeLessThan(1e-5);
    expect(largestDifference(report?.gpu ?? [], report?.cpu ?? [])).toBeLessThan(1e-5);
    if (shape.repeats === 0 || prompts === 0) expect(shifted?.gpu).toEqual(Array.from(embeds));
  });

  it.each([
    [1, 1, 1],
    [3, 5, 7],
    [2, 14, 768],
    [70, 33, 65],
    [300, 301, 3],
  ])('cosines of %i and %i rows of %i agree with the CPU', async (n, m, d) => {
    const [a, b] = [await normal(n, n * d), await normal(m + 1000, m * d)];
    const [cosines] = await onBoth((compute, keep) => [
      compute.cosines(keep(compute.upload(a, [n, d])), keep(compute.upload(b, [m, d]))),
    ]);
    expect(largestDifference(cosines?.gpu ?? [], cosines?.cpu ?? [])).toBeLessThan(1e-6);
    for (const value of cosines?.gpu ?? []) expect(Math.abs(value)).toBeLessThanOrEqual(1);
  });

  it.each([1, 63, 64, 65, 3 * 5 * 7])('lerp agrees with the CPU: %i numbers', async (length) => {
    const [a, b] = [await normal(1, length), await normal(2, length)];
    for (const [renormalise, correlation] of [
      [false, 0],
      [true, 0],
      [true, 0.6],
    ] as const) {
      const [rows] = await onBoth((compute, keep) => {
        const out = compute.empty([5, length], 'float32');
        const ends = [keep(compute.upload(a, [1, length])), keep(compute.upload(b, [1, length]))] as const;
        for (const [row, t] of [0, 0.25, 0.7, 1].entries()) {
          compute.lerp(...ends, t, renormalise, out, row, correlation);
        }
        return [out];
      });
      expect(largestDifference(rows?.gpu ?? [], rows?.cpu ?? [])).toBeLessThan(1e-6);
      expect(rows?.gpu.slice(0, length)).toEqual(Array.from(a));
      expect(rows?.gpu.slice(3 * length, 4 * length)).toEqual(Array.from(b));
      expect(rows?.gpu.slice(4 * length)).toEqual(Array(length).fill(0));
    }
  });

  it.each([
    [1, 1, 1],
    [2, 3, 5],
    [3, 9, 7],
    [1, 64, 96],
  ])('modelInput of %i latents of %i×%i agrees with the CPU', async (batch, height, width) => {
    const data = await normal(batch, batch * 4 * height * width);
    const [input] = await onBoth((compute, keep) => {
      const out = compute.empty([batch, 4, height, width], typeOn(compute));
      compute.modelInput(keep(compute.upload(data, [batch, 4, height, width])), out);
      return [out];
    });
    const expected = await representable(gpu, Float32Array.from(input?.cpu ?? []), modelType);
    expect(relativeError(input?.gpu ?? [], expected)).toBeLessThanOrEqual(rounding);
  });

  it('dpmSolverStep with kept guidance agrees with the CPU', async () => {
    const dims = [2, 4, 7, 9];
    const [full, half] = [await normal(1, 1008), await normal(2, 504)];
    const start = await normal(3, 504);
    const step = {
      x0FromSample: 1.3,
      x0FromOutput: -0.9,
      sampleWeight: 0.8,
      x0Weight: 0.4,
      previousWeight: 0,
    };
    const [latents, kept] = await onBoth((compute, keep) => {
      const state = {
        latents: compute.upload(start, dims),
        previousX0: keep(compute.empty(dims, 'float32')),
        modelInput: keep(compute.empty(dims, typeOn(compute))),
        difference: compute.empty(dims, 'float32'),
      };
      compute.dpmSolverStep(step, 4, keep(compute.upload(full, [4, 4, 7, 9], typeOn(compute))), state);
      compute.dpmSolverStep(step, 4, keep(compute.upload(half, dims, typeOn(compute))), state);
      return [state.latents, state.difference];
    });
    for (const found of [latents, kept]) {
      const expected = await representable(gpu, Float32Array.from(found?.cpu ?? []), 'float32');
      expect(relativeError(found?.gpu ?? [], expected)).toBeLessThan(modelType === 'float16' ? 1e-3 : 1e-6);
    }
  });

  it.each([
    { batch: 1, side: [1, 1], guided: true },
    { batch: 1, side: [3, 5], guided: false },
    { batch: 3, side: [3, 5], guided: true },
    { batch: 2, side: [8, 12], guided: true },
    { batch: 1, side: [33, 31], guided: false },
  ])(
    'dpmSolverStep agrees with the CPU: $batch of $side, guided $guided',
    async ({ batch, side, guided }) => {
      const dims = [batch, 4, ...side];
      const count = dims.reduce((product, size) => product * size, 1);
      const wide = [guided ? 2 * batch : batch, 4, ...side];
      const outputs: Float32Array[] = [];
      for (let step = 0; step < 3; step++) {
        outputs.push(await representable(gpu, await normal(step, guided ? 2 * count : count), modelType));
      }
      const start = await normal(9, count);
      const weights = { x0FromSample: 1.3, x0FromOutput: -0.9, sampleWeight: 0.8, x0Weight: 0.4 };
      const steps: SolverStep[] = [0, -0.15, 0.05].map((previousWeight) => ({ ...weights, previousWeight }));
      const [latents, previousX0, modelInput] = await onBoth((compute, keep) => {
        const state = {
          latents: compute.upload(start, dims),
          // Leftovers of an earlier frame, which a first step must not read.
          previousX0: compute.upload(
            start.map(() => NaN),
            dims,
          ),
          modelInput: compute.empty(dims, typeOn(compute)),
        };
        for (const [index, step] of steps.entries()) {
          const output = outputs[index] ?? new Float32Array(0);
          compute.dpmSolverStep(step, 4, keep(compute.upload(output, wide, typeOn(compute))), state);
        }
        return [state.latents, state.previousX0, state.modelInput];
      });
      // Latents are float32 for every model type.
      expect(relativeError(latents?.gpu ?? [], latents?.cpu ?? [])).toBeLessThan(1e-6);
      expect(relativeError(previousX0?.gpu ?? [], previousX0?.cpu ?? [])).toBeLessThan(1e-6);
      expect(relativeError(modelInput?.gpu ?? [], modelInput?.cpu ?? [])).toBeLessThan(rounding);
    },
  );

  it.each([
    [1, 4, 1, 1],
    [3, 4, 5, 7],
    [2, 16, 5, 7],
    [1, 64, 3, 5],
    [1, 4, 64, 48],
  ])(
    'latentPreview of %i latents of %i channels and %i×%i agrees with the CPU',
    async (batch, channels, height, width) => {
      const data = await normal(4, batch * channels * height * width, 2);
      const factors = Array.from(await normal(5, 3 * (channels + 1), 0.4));
      const [preview] = await onBoth((compute, keep) => [
        compute.latentPreview(keep(compute.upload(data, [batch, channels, height, width])), factors),
      ]);
      // A value halfway between two levels may round either way.
      expect(largestDifference(preview?.gpu ?? [], preview?.cpu ?? [])).toBeLessThanOrEqual(1);
      expect(relativeError(preview?.gpu ?? [], preview?.cpu ?? [])).toBeLessThan(1e-3);
    },
  );

  it.each([
    [1, 1, 1],
    [3, 5, 7],
    [2, 24, 40],
    [1, 129, 511],
  ])('frameFromDecoded of %i of %i×%i equals the CPU', async (batch, height, width) => {
    const count = batch * 3 * height * width;
    const data = await representable(gpu, await normal(6, count, 0.7), modelType);
    const [frames] = await onBoth((compute, keep) => [
      compute.frameFromDecoded(keep(compute.upload(data, [batch, 3, height, width], typeOn(compute)))),
    ]);
    expect(frames?.gpu).toEqual(frames?.cpu);
  });

  it('cutTile and blendTile agree with the CPU', async () => {
    const data = await normal(8, 2 * 3 * 40 * 56, 1);
    const [tile, picture] = await onBoth((compute, keep) => {
      const whole = keep(compute.upload(data, [2, 3, 40, 56]));
      const cut = compute.empty([2, 3, 17, 23], typeOn(compute));
      compute.cutTile(whole, 5, 9, cut);
      const out = compute.empty([2, 3, 40, 56], 'float32');
      compute.copyRows(whole, out, 0);
      compute.blendTile(
        cut,
        out,
        { start: 20, fade: 4, fadeIn: 21.5, fadeOut: null },
        { start: 30, fade: 5, fadeIn: null, fadeOut: 44 },
      );
      return [cut, out];
    });
    expect(largestDifference(tile?.gpu ?? [], tile?.cpu ?? [])).toBeLessThan(4 * rounding);
    expect(largestDifference(picture?.gpu ?? [], picture?.cpu ?? [])).toBeLessThan(4 * rounding + 1e-6);
  });

  // A dispatch has at most 65535 workgroups of 64 per dimension; both tensors need the second dimension.
  it('large pictures are processed to their end', async () => {
    const [height, width] = [2048, 2056];
    const data = Float32Array.from({ length: 3 * height * width }, (_, i) => ((i % 251) / 255) * 2 - 1);
    const decoded = gpu.upload(data, [1, 3, height, width]);
    const frame = gpu.frameFromDecoded(decoded);
    const [pixels] = await gpu.read([frame]);
    const area = height * width;
    const wrong = pixels?.findIndex((value, i) => {
      const channel = i % 4;
      return value !== (channel === 3 ? 255 : (channel * area + Math.floor(i / 4)) % 251);
    });
    expect(wrong).toBe(-1);
    decoded.dispose();
    frame.dispose();

    const latents = gpu.upload(data.subarray(0, area), [1, 4, height / 2, width / 2]);
    const input = gpu.empty([1, 4, height / 2, width / 2], 'float32');
    gpu.modelInput(latents, input);
    const [copy] = await gpu.read([input]);
    expect(copy?.findIndex((value, i) => value !== data[i])).toBe(-1);
    latents.dispose();
    input.dispose();
  });

  it('frameFromDecoded clamps, rounds halves to even, and writes NaN as black', async () => {
    const half = -0.4941176474094391; // 64.5 in float32, less in float16
    const decoded = Float32Array.of(NaN, 7, -7, Infinity, -Infinity, 0, half, 1, -1);
    const tensor = gpu.upload(decoded, [1, 3, 1, 3], modelType);
    const out = gpu.frameFromDecoded(tensor);
    expect(await values(gpu, out)).toEqual([0, 255, 64, 255, 255, 0, 255, 255, 0, 128, 0, 255]);
    tensor.dispose();
    out.dispose();
  });

  it.each([
    ['nothing', 0, [0, 0]],
    ['NaN', NaN, [1, 1]],
    ['infinity', -Infinity, [1, 1]],
  ])('overflow flags agree with the CPU: %s', async (_, value, expected) => {
    const [overflow] = await onBoth((compute, keep) => {
      const shape = [1, 4, 5, 7];
      const data = new Float32Array(140);
      data[139] = value;
      const output = keep(compute.upload(data, shape, typeOn(compute)));
      const state = {
        latents: keep(compute.empty(shape, 'float32')),
        previousX0: keep(compute.empty(shape, 'float32')),
        modelInput: keep(compute.empty(shape, typeOn(compute))),
      };
      const step = { x0FromSample: 1, x0FromOutput: 1, sampleWeight: 1, x0Weight: 1, previousWeight: 0 };
      const flags = compute.empty([2], 'float32');
      compute.dpmSolverStep(step, 1, output, state, flags);
      const decoded = keep(compute.upload(data.subarray(35), [1, 3, 5, 7], typeOn(compute)));
      keep(compute.frameFromDecoded(decoded, flags));
      return [flags];
    });
    expect(overflow?.gpu).toEqual(expected);
    expect(overflow?.cpu).toEqual(expected);
  });

  it('NaN is propagated', async () => {
    const nan = Float32Array.of(1, NaN, 3, 4);
    const [latents, cosines, shifted, report] = await onBoth((compute, keep) => {
      const wide = keep(compute.upload(nan, [1, 4, 1, 1], typeOn(compute)));
      const state = {
        latents: compute.empty([1, 4, 1, 1], 'float32'),
        previousX0: keep(compute.empty([1, 4, 1, 1], 'float32')),
        modelInput: keep(compute.empty([1, 4, 1, 1], typeOn(compute))),
      };
      const step = { x0FromSample: 1, x0FromOutput: 1, sampleWeight: 1, x0Weight: 1, previousWeight: 1 };
      compute.dpmSolverStep(step, 1, wide, state);
      const row = keep(compute.upload(nan, [1, 4]));
      const terms = { positives: 1, negatives: 0, positiveScale: 1, negativeScale: 1, repeats: 1 };
      const guided = compute.clipGuidance(row, { ...terms, text: keep(compute.upload(nan, [1, 4])) });
      return [state.latents, compute.cosines(row, row), guided.shifted, guided.report];
    });
    expect(latents?.gpu).toEqual([1, NaN, 3, 4]);
    expect(cosines?.gpu).toEqual([NaN]);
    expect(shifted?.gpu).toEqual([NaN, NaN, NaN, NaN]);
    expect(report?.gpu).toEqual([NaN, NaN, NaN, NaN, NaN]);
  });
});
