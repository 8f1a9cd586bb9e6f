import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createRuntime, loadOrt } from '../../src/runtime/index.ts';
import type { Runtime } from '../../src/runtime/index.ts';

/** ONNX Runtime Web on the CPU in this process, loaded once; each runtime counts its own sessions. */
export async function openCpuRuntime(): Promise<Runtime> {
  const path = createRequire(import.meta.url).resolve('onnxruntime-web/ort-wasm-simd-threaded.wasm');
  const binary = new Uint8Array(await readFile(path));
  return createRuntime(await loadOrt({ build: 'cpu', source: { binary }, threads: 1 }), null);
}
