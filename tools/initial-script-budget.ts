import { gzipSync } from 'node:zlib';
import type { Plugin, Rolldown } from 'vite';
import { isSite } from './site-bundle.ts';

/** Chunks loaded before the page renders: the entries and their static imports, transitively. */
export function initialChunks(bundle: Rolldown.OutputBundle): Rolldown.OutputChunk[] {
  const found = new Map<string, Rolldown.OutputChunk>();
  const visit = (name: string): void => {
    const chunk = bundle[name];
    if (chunk?.type !== 'chunk' || found.has(name)) return;
    found.set(name, chunk);
    chunk.imports.forEach(visit);
  };
  for (const [name, chunk] of Object.entries(bundle)) {
    if (chunk.type === 'chunk' && chunk.isEntry) visit(name);
  }
  return [...found.values()];
}

/**
 * Vite plugin that fails the build of `index.html` if the page's initial JavaScript exceeds a budget.
 *
 * @param kilobytes - maximum gzipped size, in units of 1,000 bytes
 */
export function initialScriptBudget(kilobytes: number): Plugin {
  return {
    name: 'drift:initial-script-budget',
    apply: 'build',
    // In `writeBundle`, because later hooks may still change chunks.
    writeBundle(_, bundle) {
      if (!isSite(bundle)) return;
      const sizes = initialChunks(bundle).map(({ fileName, code }) => ({
        fileName,
        size: gzipSync(code).length / 1000,
      }));
      const total = sizes.reduce((sum, { size }) => sum + size, 0);
      const list = sizes.map(({ fileName, size }) => `${fileName}: ${size.toFixed(1)} kB`).join(', ');
      const words = `Initial JavaScript has ${total.toFixed(1)} kB gzipped, of at most ${kilobytes} kB`;
      if (total > kilobytes) this.error(`${words} (${list}). Load what is not needed at once with import().`);
      this.info(`${words}.`);
    },
  };
}
