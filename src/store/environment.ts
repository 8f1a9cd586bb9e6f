import type { Connection, diffusionApi, mediaApi, modelsApi, projectsApi } from '../protocol/index.ts';

/** Gives picture files addresses that an `<img>` can show. Whoever creates an address revokes it. */
export interface PictureUrls {
  create(file: Blob): string;
  revoke(url: string): void;
}

/** What the stores need from the world around them: the browser on the page, something simpler in a test. */
export interface Environment {
  /** Starts a diffusion worker; called again when the one before has died. */
  readonly openDiffusion: () => Connection<typeof diffusionApi>;
  readonly openMedia: () => Connection<typeof mediaApi>;
  readonly openProjects: () => Connection<typeof projectsApi>;
  readonly openModels: () => Connection<typeof modelsApi>;
  /** Where settings survive a visit; null where the browser forbids it. */
  readonly storage: Pick<Storage, 'getItem' | 'setItem'> | null;
  readonly pictureUrls: PictureUrls;
  /** Calls back when the screen is next drawn. Returns a way to cancel. */
  readonly nextPaint: (callback: () => void) => () => void;
  /** Calls back in so many milliseconds. Returns a way to cancel. */
  readonly later: (milliseconds: number, callback: () => void) => () => void;
  /** Calls back whenever the network is there again. Returns a way to stop that. */
  readonly onOnline: (callback: () => void) => () => void;
  /** Milliseconds on a clock that never runs back. */
  readonly now: () => number;
  readonly today: () => Date;
  /** A seed: an integer from 0 to 2^32 - 1. */
  readonly randomSeed: () => number;
  /** A UUID. */
  readonly newId: () => string;
  /** Asks the browser not to clear what is kept when room gets short; gives whether it has promised that. */
  readonly persist: () => Promise<boolean>;
  /** The page's address, which can be changed without loading the page again. */
  readonly address: { readonly read: () => string; readonly replace: (address: string) => void };
  /** Puts text on the clipboard; rejects where the browser does not allow it. */
  readonly copyText: (text: string) => Promise<void>;
  /** Hands a finished file to the person. */
  readonly saveFile: (file: Blob, name: string) => void;
}
