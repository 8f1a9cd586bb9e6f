import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import type { OnnxModel } from '../src/runtime/index.ts';
import { benchFrame, benchParts, megabytes } from './bench/frame.ts';
import type { BenchOptions, BenchReport } from './bench/frame.ts';
import { timeGpu } from './bench/gpu-timer.ts';
import { meterGpuWork } from './bench/gpu-work.ts';
import { profileKernels } from './bench/kernel-profile.ts';
import { openCheckpointFolder } from './checkpoint-folder.ts';
import { openNodeBackend } from './node-runtime.ts';

const usage = `Usage: npm run bench -- [--browser cpu|float16|float32] [--backend webgpu|cpu] [--checkpoint DIR]
  [--size PIXELS] [--clip PIXELS] [--steps N] [--rounds N] [--sums float32|float16] [--second FILE.onnx]
  [--only stages|second|speeds ...] [--profile] [--optimise]

Times the loading of each network, the first frame, every stage of a frame, whole frames and files of eight frames, and
counts what a frame asks of the GPU, in Node or, with --browser, in Chromium as one of the machines of the tests
("npm test -- prepare" makes them). Prints what is measured next to standard error, then a table and JSON: median, best
and worst of N rounds (default 5), in milliseconds, and the GPU's own time where it has timestamps. --clip is the side of
the image encoder's pictures. --second times a UNet of the same weights, exported by tools/bench/export_unet.py, in turn
with the compiled one. --only, once or more, measures those parts: the stages of a frame, both UNets, or whole frames by
Speed; networks of full size take minutes each on a software GPU. --profile adds the GPU time of every kernel of the
networks (Node, GPUs with timestamps). --optimise lets V8 optimise ONNX Runtime's WebAssembly in Node, as browsers do; without it the processor takes
longer to ask for the GPU's work.
Compare only figures of one run: machines are noisy, and a software GPU says nothing about how fast a real one is.`;

/** Entry point of the benchmark. See `usage`. */
export async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      browser: { type: 'string' },
      backend: { type: 'string', default: 'webgpu' },
      checkpoint: { type: 'string', default: 'tests/golden/shapes/checkpoint' },
      size: { type: 'string', default: '128' },
      clip: { type: 'string' },
      steps: { type: 'string', default: '10' },
      rounds: { type: 'string', default: '5' },
      sums: { type: 'string', default: 'float32' },
      second: { type: 'string' },
      only: { type: 'string', multiple: true, default: [...benchParts] },
      profile: { type: 'boolean', default: false },
      optimise: { type: 'boolean', default: false },
    },
  });
  const { browser, backend, sums, checkpoint, profile, optimise } = values;
  const [size = NaN, steps = NaN, rounds = NaN] = [values.size, values.steps, values.rounds].map(Number);
  const clip = values.clip === undefined ? null : Number(values.clip);
  const isKnown = (backend === 'webgpu' || backend === 'cpu') && (sums === 'float32' || sums === 'float16');
  const parts = benchParts.filter((part) => values.only.includes(part));
  if (
    !isKnown ||
    parts.length !== new Set(values.only).size ||
    !(size >= 64) ||
    !(clip === null || clip >= 1) ||
    !(steps >= 1) ||
    !(rounds >= 1)
  ) {
    console.error(usage);
    return 2;
  }
  const options = { size, clip, steps, rounds, parts };
  const second = values.second ?? null;
  const report =
    browser === undefined
      ? await benchInNode(
          backend,
          checkpoint,
          { ...options, second: second === null ? null : await readOnnx(second) },
          { sums, profile, optimise },
        )
      : await (
          await import('./bench/in-browser.ts')
        ).benchInBrowser(browser, backend, checkpoint, options, second, showStage);
  if (typeof report === 'string') {
    console.error(report);
    return 3;
  }
  console.log(`# ${report.device}, ${size}×${size}, ${steps} steps`);
  console.table(report['stages, ms']);
  for (const [stage, kernels] of Object.entries(report['kernels by GPU time'] ?? {})) {
    console.log(`# ${stage}: ${kernels ? 'GPU time by kernel' : 'no profile, for want of timestamps'}`);
    if (kernels) console.table(kernels.slice(0, 25));
  }
  console.log(JSON.stringify({ size, steps, rounds, sums, ...report }, null, 2));
  return 0;
}

/** Shows what is measured next, with the time, apart from the results. */
function showStage(name: string): void {
  console.error(`${new Date().toTimeString().slice(0, 8)} ${name}`);
}

/** Runs the benchmark in this process. Returns the reason if there is no GPU. */
async function benchInNode(
  kind: 'webgpu' | 'cpu',
  folder: string,
  options: BenchOptions,
  { sums, profile, optimise }: { sums: 'float32' | 'float16'; profile: boolean; optimise: boolean },
): Promise<BenchReport | string> {
  const backend = await openNodeBackend(kind, {
    sums,
    exactTimestamps: profile,
    optimised: optimise,
  });
  if ('reason' in backend) return `The GPU cannot be used here: ${backend.reason}.`;
  const checkpoint = await openCheckpointFolder(folder);
  const work = kind === 'webgpu' ? meterGpuWork() : null;
  const timer = kind === 'webgpu' ? timeGpu() : null;
  const profiler = kind === 'webgpu' && profile ? profileKernels() : null;
  try {
    const report = await benchFrame(backend, checkpoint.parts, options, { work, timer, profiler }, showStage);
    return {
      device: `${backend.description}, Node`,
      ...report,
      'peak memory, MB': {
        process: megabytes(1024 * process.resourceUsage().maxRSS),
        ...(work ? { 'GPU buffers': megabytes(work.peakBytes) } : {}),
      },
    };
  } finally {
    profiler?.end();
    timer?.end();
    work?.end();
    backend.dispose();
    await checkpoint.close();
  }
}

/** Reads an ONNX file; its external data, if any, is in one file beside it, named FILE.data. */
async function readOnnx(file: string): Promise<OnnxModel> {
  const data = `${file}.data`;
  return {
    graph: new Uint8Array(await readFile(file)),
    weights: existsSync(data)
      ? [{ location: basename(data), data: new Uint8Array(await readFile(data)) }]
      : [],
  };
}
