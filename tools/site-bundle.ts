import type { Rolldown } from 'vite';

/** Whether a bundle is the site: tools build other pages with the same configuration. */
export function isSite(bundle: Rolldown.OutputBundle): boolean {
  return 'index.html' in bundle;
}
