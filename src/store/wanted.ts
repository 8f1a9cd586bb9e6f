import type { ModelOrigin, WantedModel } from '../protocol/index.ts';

/**
 * Matches the URL of a model's page on the hub, its files at `main` and its discussions. Other revisions do not match,
 * because Drift downloads `main`.
 */
const hubPage =
  /^(?:https?:\/\/)?(?:www\.)?(?:huggingface\.co|hf\.co)\/([\w.-]+\/[\w.-]+)(?:\/(?:(?:tree|blob)\/main(?:\/.*)?|discussions.*)?)?(?:[?#].*)?$/i;

/**
 * Parses the origin of a model: a repository `owner/name` of the hub, the URL of its page or files there (with or
 * without `https://`), or the URL of a manifest. Null for anything else.
 */
export function originFrom(text: string): Exclude<ModelOrigin, { kind: 'full' }> | null {
  const words = text.trim();
  const page = hubPage.exec(words)?.[1];
  if (page !== undefined) return { kind: 'hub', repository: page };
  if (/^https?:\/\//i.test(words) && URL.canParse(words)) {
    return { kind: 'manifest', url: new URL(words).href };
  }
  return /^[\w.-]+\/[\w.-]+$/.test(words) ? { kind: 'hub', repository: words } : null;
}

/** Formats an origin such that `originFrom` parses it; empty for the recommended model. */
export function originWords(origin: ModelOrigin): string {
  switch (origin.kind) {
    case 'full':
      return '';
    case 'hub':
      return origin.repository;
    case 'manifest':
      return origin.url;
  }
}

/** Whether a wanted model is the one with this origin. */
export function isSame(origin: ModelOrigin, wanted: WantedModel): boolean {
  switch (wanted.kind) {
    case 'full':
      return origin.kind === 'full';
    case 'hub':
      return origin.kind === 'hub' && origin.repository === wanted.repository;
    case 'manifest':
      return origin.kind === 'manifest' && origin.url === wanted.url;
    case 'folder':
    case 'installed':
      return false;
  }
}
