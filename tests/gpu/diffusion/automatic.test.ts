import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { automatic } from '../../../src/animation/index.ts';
import type { GeneratedFrame, Progress, Watch } from '../../../src/animation/index.ts';
import { isAbort } from '../../../src/base/index.ts';
import type { Picture } from '../../../src/base/index.ts';
import { defaultSettings } from '../../../src/project/index.ts';
import { openGoldenGpu } from '../../support/golden-gpu.ts';
import type { GoldenGpu } from '../../support/golden-gpu.ts';

const settings = { ...defaultSettings, width: 64, height: 64, frames: 2, steps: 3, seed: 11 };
const prompts = { text: null, positives: 0, negatives: 0 };

let gpu: GoldenGpu;
let watch: GoldenGpu['watch'];
let backend: GoldenGpu['backend'];
let pipeline: GoldenGpu['pipeline'];
let start: Picture;

beforeAll(async () => {
  gpu = await openGoldenGpu();
  ({ watch, backend, pipeline, start } = gpu);
});

afterAll(async () => {
  await gpu.close();
});

async function run(change: Partial<typeof settings> = {}, watching: Watch = {}): Promise<GeneratedFrame[]> {
  const input = { start, firstFrame: 0, settings: { ...settings, ...change }, prompts };
  const frames: GeneratedFrame[] = [];
  for await (const frame of automatic(pipeline, input, watching)) frames.push(frame);
  return frames;
}

describe('automatic mode on the GPU', () => {
  it('makes the same frames from the same seed, and different ones from another', async () => {
    const [first, again, other] = [await run(), await run(), await run({ seed: 12, frames: 1 })];
    expect(first.map(({ picture }) => picture.data)).toEqual(again.map(({ picture }) => picture.data));
    expect(other[0]?.picture.data).not.toEqual(first[0]?.picture.data);
  });

  it('reads back once per frame', async () => {
    const before = watch.readBacks;
    await run({ frames: 2 });
    expect(watch.readBacks - before).toBe(2);
  });

  it('aborts within one denoising step and can start again at once', async () => {
    const stop = new AbortController();
    const after: Progress[] = [];
    const run1 = run(
      { steps: 12 },
      {
        signal: stop.signal,
        onProgress: (progress) => {
          if (stop.signal.aborted) after.push(progress);
          if (progress.stage === 'denoise' && progress.step === 3) stop.abort();
        },
      },
    );
    await expect(run1).rejects.toSatisfy(isAbort);
    expect(after.filter(({ stage }) => stage === 'denoise').length).toBeLessThanOrEqual(1);
    expect(after.some(({ stage }) => stage === 'decode')).toBe(false);
    expect(await run({ frames: 1 })).toHaveLength(1);
  });

  it('leaks no GPU buffer in 20 aborted runs', async () => {
    // The first stops fill ONNX Runtime's buffer cache; later ones must not allocate.
    const stopAt = async (step: number) => {
      const stop = new AbortController();
      const stopped = run(
        { steps: 4 },
        {
          signal: stop.signal,
          onProgress: (progress) => {
            if (progress.stage === 'denoise' && progress.step === step) stop.abort();
          },
        },
      );
      await expect(stopped).rejects.toSatisfy(isAbort);
    };
    const steps = [0, 1, 2, 3, 4];
    for (const step of steps) await stopAt(step);
    await backend.compute.idle();
    const [buffers, bytes, tensors] = [watch.buffers, watch.bytes, backend.compute.liveTensors];
    for (let round = 0; round < 4; round++) for (const step of steps) await stopAt(step);
    await backend.compute.idle();
    expect(backend.compute.liveTensors).toBe(tensors);
    expect(watch.bytes).toBeLessThanOrEqual(bytes);
    expect(watch.buffers).toBeLessThanOrEqual(buffers);
  });

  it('reports previews of each frame and frees them', async () => {
    const before = backend.compute.liveTensors;
    const previews: Picture[] = [];
    await run({ frames: 1, steps: 4 }, { onPreview: (_, picture) => previews.push(picture) });
    expect(previews.length).toBeGreaterThan(0);
    expect(previews.every(({ width, height }) => width === 8 && height === 8)).toBe(true);
    expect(backend.compute.liveTensors).toBe(before);
  });
});
