import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import type { Plugin, ResolvedConfig, Rolldown } from 'vite';
import type { SiteFile } from '../workers/offline/on-demand-cache.ts';
import { isSite } from './site-bundle.ts';

const source = fileURLToPath(new URL('../workers/offline/service-worker.ts', import.meta.url));

/** Files of the site, divided by the time at which the service worker stores them. */
export interface SiteFiles {
  /** Stored when the service worker is installed. */
  readonly early: readonly SiteFile[];
  /** Stored after the page has used them. */
  readonly late: readonly SiteFile[];
}

/** Not needed by the page: documents, files for static hosts, the encoder that only training uses. */
const left = /(^|\/)(_headers|README\.md|encoder\.safetensors)$/;
/** Large files, of which a browser uses few or none, models, and pictures of the help. */
const large = /\.wasm$|^assets\/(ffmpeg|7zz)|^models\/|^help\/guide\//;
/** File names that contain a hash of the content. */
const hashed = /^assets\//;

/** Divides the files of a site, which are given as contents by relative path. */
export function siteFiles(contents: ReadonlyMap<string, string | Uint8Array>): SiteFiles {
  const files = [...contents]
    .filter(([name]) => !left.test(name))
    .map(([url, content]) => ({ url, revision: hashed.test(url) ? null : digest(content) }));
  return {
    early: files.filter(({ url }) => !large.test(url)),
    late: files.filter(({ url }) => large.test(url)),
  };
}

function digest(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex').slice(0, 16);
}

function* filesIn(folder: string): Generator<[name: string, content: Uint8Array]> {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    yield [
      path
        .slice(folder.length + 1)
        .split(sep)
        .join('/'),
      readFileSync(path),
    ];
  }
}

/**
 * Vite plugin that builds the service worker as `service-worker.js`, with the list of the files of this build.
 *
 * It is bundled into one classic script, because not all browsers support service workers that are modules.
 */
export function serviceWorker(): Plugin {
  let config: ResolvedConfig;
  return {
    name: 'drift:service-worker',
    apply: 'build',
    enforce: 'post',
    configResolved(resolved) {
      config = resolved;
    },
    async generateBundle(_, bundle) {
      if (!isSite(bundle)) return;
      const built = Object.values(bundle).map((file): [string, string | Uint8Array] => [
        file.fileName,
        file.type === 'chunk' ? file.code : file.source,
      ]);
      const files = siteFiles(new Map([...filesIn(config.publicDir), ...built]));
      this.emitFile({ type: 'asset', fileName: 'service-worker.js', source: await buildScript(files) });
    },
  };
}

async function buildScript(files: SiteFiles): Promise<string> {
  const result = await build({
    configFile: false,
    logLevel: 'error',
    publicDir: false,
    define: { SITE_FILES: JSON.stringify(files), 'process.env.NODE_ENV': '"production"' },
    build: {
      write: false,
      target: 'es2023',
      rolldownOptions: { input: source, output: { format: 'iife' } },
    },
  });
  const outputs: Rolldown.OutputChunk[] = [result]
    .flat()
    .flatMap((each) => ('output' in each ? each.output : []))
    .filter((each) => each.type === 'chunk');
  const [script] = outputs;
  if (!script || outputs.length > 1) throw new Error('The service worker was not built as one file.');
  return script.code;
}
