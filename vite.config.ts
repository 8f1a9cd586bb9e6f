import react from '@vitejs/plugin-react';
import { defaultClientConditions, defineConfig } from 'vite';
import type { Plugin } from 'vite';
import { compileHints } from './tools/compile-hints.ts';
import { helpPages } from './tools/help-pages.ts';
import { initialScriptBudget } from './tools/initial-script-budget.ts';
import { serviceWorker } from './tools/service-worker.ts';

/**
 * What the page may load and talk to. WebAssembly needs its own word; model hosts are whatever address the
 * user chose, so any https address may be fetched from (and this machine, for people who serve their own
 * models), but scripts, styles, frames and workers come from the page's own origin alone.
 */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self' blob:",
  "style-src 'self'",
  "img-src 'self' blob: data:",
  "media-src 'self' blob:",
  "font-src 'self'",
  "manifest-src 'self'",
  "connect-src 'self' blob: data: https: http://localhost:* http://127.0.0.1:*",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

/** Cross-origin isolation, for WebAssembly threads; `frame-ancestors` works only as a header. */
const headers = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
};
const previewHeaders = {
  ...headers,
  'Content-Security-Policy': `${contentSecurityPolicy}; frame-ancestors 'none'`,
};

/** Puts the policy into the built page, so that it holds on static hosts that set no headers. */
const policyInPage: Plugin = {
  name: 'drift:content-security-policy',
  apply: 'build',
  transformIndexHtml: () => [
    {
      tag: 'meta',
      attrs: { 'http-equiv': 'Content-Security-Policy', content: contentSecurityPolicy },
      injectTo: 'head-prepend',
    },
  ],
};

/**
 * Sends models as they lie on disk. The preview server would compress what it has no type for: weights hardly get
 * smaller, it takes longer than sending them, and the page could not tell how far a download is.
 */
const modelsAsTheyAre: Plugin = {
  name: 'drift:models-as-they-are',
  configurePreviewServer({ middlewares }) {
    middlewares.use('/models', (request, _, next) => {
      request.headers['accept-encoding'] = 'identity';
      next();
    });
  },
};

/**
 * Emits ONNX Runtime's modules as `.js`: servers without a media type for `.mjs` (Debian's nginx) send it as
 * `application/octet-stream`, which browsers refuse as a module.
 */
const output = {
  assetFileNames: ({ names }: { readonly names: readonly string[] }) =>
    names.some((name) => name.endsWith('.mjs')) ? 'assets/[name]-[hash].js' : 'assets/[name]-[hash][extname]',
};

/**
 * What both the page and its lazily loaded parts use, as one chunk: a chunk for each would repeat names and compress worse.
 */
const sharedByPage = {
  name: 'shared',
  test: /\/node_modules\/(react|valibot|lucide-react\/dist\/esm\/(createLucideIcon|icons\/x)\b)|\/src\/(base\/errors|project\/settings|ui\/shared\/(Button|Dialog|classes|stores))\b/,
};

export default defineConfig({
  base: './',
  plugins: [
    react(),
    policyInPage,
    modelsAsTheyAre,
    helpPages(contentSecurityPolicy),
    compileHints(),
    initialScriptBudget(130),
    serviceWorker(),
  ],
  // ONNX Runtime without its WebAssembly inlined as an address: src/runtime/assets.ts says where that is.
  resolve: { conditions: ['onnxruntime-web-use-extern-wasm', ...defaultClientConditions] },
  server: { headers },
  preview: { headers: previewHeaders },
  worker: { format: 'es', rolldownOptions: { output } },
  // All browsers with what Drift needs preload modules by themselves.
  build: {
    modulePreload: { polyfill: false },
    target: 'es2023',
    chunkSizeWarningLimit: 1500,
    assetsInlineLimit: 0,
    rolldownOptions: { output: { ...output, codeSplitting: { groups: [sharedByPage] } } },
  },
  optimizeDeps: { exclude: ['onnxruntime-web', '@ffmpeg/ffmpeg'] },
});
