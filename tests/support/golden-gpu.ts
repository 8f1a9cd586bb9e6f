import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { decode } from 'fast-png';
import { expect } from 'vitest';
import type { Picture } from '../../src/base/index.ts';
import { Pipeline } from '../../src/diffusion/index.ts';
import { createModel } from '../../src/models/index.ts';
import { openCheckpointFolder } from '../../tools/checkpoint-folder.ts';
import { backendFor } from './backend.ts';
import { watchGpu } from './gpu-memory.ts';

const golden = fileURLToPath(new URL('../golden/shapes/', import.meta.url));

/** The golden model on a watched GPU, and its start picture. `close` checks that no session is left. */
export async function openGoldenGpu() {
  const watch = watchGpu();
  const backend = await backendFor('webgpu');
  const checkpoint = await openCheckpointFolder(`${golden}checkpoint`);
  const model = createModel(checkpoint.parts, backend.target);
  const pipeline = new Pipeline(backend.compute, backend.runtime, model);
  const { width, height, data } = decode(await readFile(`${golden}start.png`));
  const rgba = new Uint8ClampedArray(4 * width * height).fill(255);
  for (let i = 0; i < width * height; i++) rgba.set(data.slice(3 * i, 3 * i + 3), 4 * i);
  const start: Picture = { width, height, data: rgba };
  return {
    watch,
    backend,
    pipeline,
    start,
    close: async () => {
      await pipeline.release();
      expect(backend.runtime.liveSessions).toBe(0);
      backend.dispose();
      await checkpoint.close();
      watch.end();
    },
  };
}

export type GoldenGpu = Awaited<ReturnType<typeof openGoldenGpu>>;
