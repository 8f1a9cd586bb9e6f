import asyncifyMjs from 'onnxruntime-web/ort-wasm-simd-threaded.asyncify.mjs?url';
import asyncifyWasm from 'onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?url';
import jspiMjs from 'onnxruntime-web/ort-wasm-simd-threaded.jspi.mjs?url';
import jspiWasm from 'onnxruntime-web/ort-wasm-simd-threaded.jspi.wasm?url';
import cpuMjs from 'onnxruntime-web/ort-wasm-simd-threaded.mjs?url';
import cpuWasm from 'onnxruntime-web/ort-wasm-simd-threaded.wasm?url';
import type { OrtBuild, WasmSource } from './load.ts';

const files: Readonly<Record<OrtBuild, { readonly wasm: string; readonly mjs: string }>> = {
  jspi: { wasm: jspiWasm, mjs: jspiMjs },
  asyncify: { wasm: asyncifyWasm, mjs: asyncifyMjs },
  cpu: { wasm: cpuWasm, mjs: cpuMjs },
};

/** URLs of ONNX Runtime's WebAssembly in the build output, same origin. Only one build is ever fetched. */
export function wasmAssets(build: OrtBuild): WasmSource {
  const { wasm, mjs } = files[build];
  return { wasm: new URL(wasm, self.location.href).href, mjs: new URL(mjs, self.location.href).href };
}
