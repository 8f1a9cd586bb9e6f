import type { ModelOrigin, WantedModel } from '../protocol/index.ts';

/**
 * The page of a model on the hub, or one of the pages below it. Drift takes the files of `main`, so a page of another
 * revision is none of these.
 */
const hubPage =
  /^(?:https?:\/\/)?(?:www\.)?(?:huggingface\.co|hf\.co)\/([\w.-]+\/[\w.-]+)(?:\/(?:(?:tree|blob)\/main(?:\/.*)?|discussions.*)?)?(?:[?#].*)?$/i;

/**
 * What a person, or an address, means by these words: the id of a model on the hub, its page there (also that of its
 * files, and without `https://`), or the address of a manifest. Null for anything else.
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

/** The words for which `originFrom` gives it; none for the recommended model, which nobody has to type. */
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

/** Whether a model that is wanted is the one from there. */
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
