/** The benchmark's module in Chromium, which `in-browser.ts` calls. */
import { memorySource } from '../../src/models/source.ts';
import { openBackend } from '../../workers/backend.ts';
import { readCheckpointParts } from '../checkpoint-parts.ts';
import { benchFrame } from './frame.ts';
import type { BenchOptions, FrameReport } from './frame.ts';
import { timeGpu } from './gpu-timer.ts';
import { meterGpuWork } from './gpu-work.ts';

/** Parameters of a measurement. Paths are URLs on the server of `in-browser.ts`. */
export interface PageBench extends Omit<BenchOptions, 'second'> {
  readonly backend: 'webgpu' | 'cpu';
  /** Path of the checkpoint, with a slash at its end. */
  readonly checkpoint: string;
  /** Path of each part's weights in the checkpoint. */
  readonly weights: Readonly<Record<'unet' | 'vae', string>>;
  readonly second: { readonly graph: string; readonly data: string | null; readonly location: string } | null;
}

export interface PageReport extends FrameReport {
  readonly device: string;
  /** Peak of all live GPU buffers, in bytes; null without a GPU. */
  readonly gpuBytes: number | null;
}

/** Measures in this page. */
async function run(bench: PageBench): Promise<PageReport> {
  const { backend: kind, checkpoint, weights, second } = bench;
  const isGpu = kind === 'webgpu';
  const [work, timer] = [isGpu ? meterGpuWork() : null, isGpu ? timeGpu() : null];
  const backend = await openBackend(kind);
  try {
    const parts = await readCheckpointParts({
      json: async (path): Promise<unknown> =>
        JSON.parse(new TextDecoder().decode(await bytesOf(checkpoint + path))),
      bytes: (path) => bytesOf(checkpoint + path),
      weights: async (part) => memorySource(weights[part], await bytesOf(checkpoint + weights[part])),
    });
    const model = second && {
      graph: await bytesOf(second.graph),
      weights: second.data === null ? [] : [{ location: second.location, data: await bytesOf(second.data) }],
    };
    const report = await benchFrame(
      backend,
      parts,
      { ...bench, second: model },
      { work, timer, profiler: null },
      (name) => {
        console.info(name);
      },
    );
    const { name, precision } = backend.device;
    return {
      device: `${isGpu ? name : 'CPU'}, ${precision}`,
      ...report,
      gpuBytes: work ? work.peakBytes : null,
    };
  } finally {
    timer?.end();
    work?.end();
    backend.dispose();
  }
}

declare global {
  var driftBench: ((bench: PageBench) => Promise<PageReport>) | undefined;
}
globalThis.driftBench = run;

async function bytesOf(path: string): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(path);
  if (!response.ok) throw new TypeError(`${path}: the server answered ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}
