import type { Plugin } from 'vite';
import { initialChunks } from './initial-script-budget.ts';
import { isSite } from './site-bundle.ts';

/**
 * Vite plugin that has Chromium compile all functions of the initial script on another thread, while it loads, instead of
 * each on the main thread when it is first called. Starting the page takes the main thread about a third less time with
 * it. Other browsers ignore the comment. See https://v8.dev/blog/explicit-compile-hints.
 */
export function compileHints(): Plugin {
  return {
    name: 'drift:compile-hints',
    apply: 'build',
    generateBundle: {
      // Vite writes lines of its own before the code of chunks, and the hint counts only at the top.
      order: 'post',
      handler(_, bundle) {
        if (!isSite(bundle)) return;
        for (const chunk of initialChunks(bundle)) chunk.code = `//# allFunctionsCalledOnLoad\n${chunk.code}`;
      },
    },
  };
}
