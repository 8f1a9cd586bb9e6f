import type * as Ort from 'onnxruntime-web/webgpu';

export type OrtModule = typeof Ort;

/**
 * Builds of ONNX Runtime Web. `jspi` and `asyncify` have the WebGPU provider; `jspi` is smaller and faster, and needs
 * WebAssembly JSPI. `cpu` has the CPU provider only: the others can compute on the CPU too, but compile and run it far
 * more slowly (a small UNet: 45 ms here, 240 ms with `asyncify`).
 */
export type OrtBuild = 'jspi' | 'asyncify' | 'cpu';

/** Source of ONNX Runtime's WebAssembly: URLs in a browser, bytes in Node. */
export type WasmSource =
  { readonly wasm: string; readonly mjs: string } | { readonly binary: Uint8Array<ArrayBuffer> };

export interface OrtOptions {
  readonly build: OrtBuild;
  readonly source: WasmSource;
  /** Threads of the CPU provider; more than 1 requires cross-origin isolation. */
  readonly threads: number;
}

/** The best build for this browser. */
export function chooseBuild(backend: 'webgpu' | 'cpu'): OrtBuild {
  if (backend === 'cpu') return 'cpu';
  return 'Suspending' in WebAssembly ? 'jspi' : 'asyncify';
}

/** Loads and configures ONNX Runtime Web. Its settings are global: the first call in a thread wins. */
export async function loadOrt({ build, source, threads }: OrtOptions): Promise<OrtModule> {
  const ort = await importBuild(build);
  ort.env.logLevel = 'error';
  ort.env.wasm.numThreads = threads;
  if ('binary' in source) ort.env.wasm.wasmBinary = source.binary;
  else ort.env.wasm.wasmPaths = { wasm: source.wasm, mjs: source.mjs };
  return ort;
}

function importBuild(build: OrtBuild): Promise<OrtModule> {
  switch (build) {
    case 'jspi':
      return import('onnxruntime-web/jspi');
    case 'asyncify':
      return import('onnxruntime-web/webgpu');
    case 'cpu':
      return import('onnxruntime-web/wasm');
  }
}
