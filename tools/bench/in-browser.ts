import { createReadStream, existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { chromium } from '@playwright/test';
import { createServer } from 'vite';
import type { Plugin } from 'vite';
import { machineNames, readRig } from '../../tests/rig/machines.ts';
import { weightsPath } from '../checkpoint-folder.ts';
import { memoryOfFamily } from '../soak/processes.ts';
import { megabytes } from './frame.ts';
import type { BenchOptions, BenchReport, OnStage } from './frame.ts';
import type { PageBench } from './page.ts';

const samplingMilliseconds = 500;

/**
 * Runs the benchmark in Chromium, configured as one of the test rig's machines, with modules from Vite's development
 * server. Returns the reason if that machine is not available.
 */
export async function benchInBrowser(
  name: string,
  backend: 'webgpu' | 'cpu',
  folder: string,
  options: Omit<BenchOptions, 'second'>,
  second: string | null,
  onStage: OnStage,
): Promise<BenchReport | string> {
  const machine = readRig()?.machines.find((each) => each.name === name);
  if (!machine) {
    return `There is no machine "${name}" (${machineNames.join(', ')}). Run "npm test -- prepare" once.`;
  }
  const files = new Map([['checkpoint', resolve(folder)]]);
  if (second !== null) files.set('second', resolve(second, '..'));
  const server = await createServer({
    configFile: 'vite.config.ts',
    logLevel: 'error',
    cacheDir: '.cache/vite-bench',
    plugins: [folders(files)],
    server: { host: '127.0.0.1', port: 0, hmr: false, watch: null },
  });
  await server.listen();
  const { executablePath, args, env } = machine;
  const browser = await chromium.launchServer({ executablePath, args, env: { ...process.env, ...env } });
  let peak = 0;
  const sampling = setInterval(() => {
    void memoryOfFamily(browser.process().pid ?? NaN).then(({ total }) => {
      peak = Math.max(peak, total);
    });
  }, samplingMilliseconds);
  try {
    const connected = await chromium.connect(browser.wsEndpoint());
    const page = await connected.newPage();
    page.on('console', (message) => {
      if (message.type() === 'info') onStage(message.text());
    });
    const url = server.resolvedUrls?.local[0] ?? '';
    await page.goto(`${url}bench/`);
    const bench: PageBench = {
      ...options,
      backend,
      checkpoint: '/bench/checkpoint/',
      weights: { unet: weightsPath(folder, 'unet'), vae: weightsPath(folder, 'vae') },
      second: second === null ? null : secondPaths(second),
    };
    await page.waitForFunction(() => globalThis.driftBench !== undefined, null, { timeout: 300_000 });
    const measured = await page.evaluate((asked) => globalThis.driftBench?.(asked), bench);
    if (!measured) throw new TypeError('the page of the benchmark has lost its function');
    const { gpuBytes, device, ...report } = measured;
    return {
      device: `${device}, Chromium ${connected.version()}`,
      ...report,
      'peak memory, MB': {
        'all processes': megabytes(peak),
        ...(gpuBytes === null ? {} : { 'GPU buffers': megabytes(gpuBytes) }),
      },
    };
  } finally {
    clearInterval(sampling);
    await browser.close();
    await server.close();
  }
}

function secondPaths(file: string): PageBench['second'] {
  const path = `/bench/second/${basename(file)}`;
  const location = `${basename(file)}.data`;
  return { graph: path, data: existsSync(`${file}.data`) ? `${path}.data` : null, location };
}

/** Serves an empty page at `/bench/`, and folders below it by name. */
function folders(roots: ReadonlyMap<string, string>): Plugin {
  return {
    name: 'drift:bench-folders',
    configureServer({ middlewares }) {
      middlewares.use('/bench', (request, response, next) => {
        const [, root = '', ...rest] = new URL(request.url ?? '/', 'http://localhost').pathname.split('/');
        if (root === '') {
          response.setHeader('Content-Type', 'text/html');
          response.end(
            '<!doctype html><title>Bench</title><script type="module" src="/tools/bench/page.ts"></script>',
          );
          return;
        }
        const base = roots.get(root);
        const file = base === undefined ? null : join(base, ...rest);
        if (file === null || rest.includes('..') || !existsSync(file)) {
          next();
          return;
        }
        response.setHeader('Content-Type', 'application/octet-stream');
        createReadStream(file).pipe(response);
      });
    },
  };
}
