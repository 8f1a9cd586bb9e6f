import type * as Ort from 'onnxruntime-web/webgpu';

export type OrtModule = typeof Ort;

/**
 * The builds of ONNX Runtime Web. `jspi` and `asyncify` hold the WebGPU provider; `jspi` is smaller and quicker, for
 * engines where WebAssembly can wait for promises by itself. `cpu` holds the CPU provider alone: the other two can
 * compute on the CPU as well, but their code is far slower to compile and to run (a small UNet: 45 ms here, 240 ms
 * with `asyncify`).
 */
export type OrtBuild = 'jspi' | 'asyncify' | 'cpu';

/** Where ONNX Runtime's WebAssembly comes from: addresses in a browser, the bytes themselves in Node. */
export type WasmSource =
  { readonly wasm: string; readonly mjs: string } | { readonly binary: Uint8Array<ArrayBuffer> };

export interface OrtOptions {
  readonly build: OrtBuild;
  readonly source: WasmSource;
  /** Threads of the CPU provider; more than 1 needs a cross-origin isolated page. */
  readonly threads: number;
}

/** The build for this engine. */
export function chooseBuild(backend: 'webgpu' | 'cpu'): OrtBuild {
  if (backend === 'cpu') return 'cpu';
  return 'Suspending' in WebAssembly ? 'jspi' : 'asyncify';
}

/** Loads ONNX Runtime Web and sets it up. Its settings are global: the first call in a thread decides. */
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
