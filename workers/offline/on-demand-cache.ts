import { createPartialResponse } from 'workbox-range-requests';

/** File of the site, and what its content is identified by: null if the URL contains a hash of it. */
export interface SiteFile {
  readonly url: string;
  readonly revision: string | null;
}

/**
 * Cache of the large files of a site, which are stored only if this browser uses them: a build of ONNX Runtime, the
 * built-in model, ffmpeg. A stored file is served from the cache until a new version of the site has another revision.
 */
export class OnDemandCache {
  readonly #name: string;
  /** Cache keys by absolute URL. */
  readonly #keys: ReadonlyMap<string, string>;

  /**
   * @param name - name of the cache
   * @param files - files that may be stored, by URLs relative to `scope`
   * @param scope - absolute URL of the site
   */
  constructor(name: string, files: readonly SiteFile[], scope: string) {
    this.#name = name;
    this.#keys = new Map(
      files.map(({ url, revision }) => {
        const key = new URL(url, scope);
        const { href } = key;
        if (revision !== null) key.searchParams.set('revision', revision);
        return [href, key.href];
      }),
    );
  }

  /** URLs of files below a folder. */
  in(folder: string): string[] {
    return [...this.#keys.keys()].filter((url) => url.startsWith(folder));
  }

  /** Response to a request for one of the files, or for a range of it; undefined if it is not stored. */
  async match(request: Request): Promise<Response | undefined> {
    const key = this.#keys.get(request.url);
    if (key === undefined) return undefined;
    const stored = await (await caches.open(this.#name)).match(key);
    return stored && request.headers.has('range') ? createPartialResponse(request, stored) : stored;
  }

  /**
   * Stores those of the files that are not stored yet; other URLs are ignored. A file that cannot be fetched is left out,
   * because it is only needed without a network.
   */
  async keep(urls: readonly string[]): Promise<void> {
    const cache = await caches.open(this.#name);
    for (const url of urls) {
      const key = this.#keys.get(url);
      if (key === undefined || (await cache.match(key))) continue;
      // The page has just fetched it, so it usually comes from the HTTP cache.
      const response = await fetch(url).catch(() => null);
      if (response?.status === 200) await cache.put(key, response).catch(() => undefined);
    }
  }

  /** Stores a whole response to a request for one of the files; others are ignored. */
  async put(request: Request, response: Response): Promise<void> {
    const key = this.#keys.get(request.url);
    if (key === undefined || response.status !== 200 || request.headers.has('range')) return;
    // Copied at once: the page reads the response while the cache is being opened.
    const copy = response.clone();
    await (await caches.open(this.#name)).put(key, copy).catch(() => undefined);
  }

  /** Removes files of other versions. */
  async sweep(): Promise<void> {
    const wanted = new Set(this.#keys.values());
    const cache = await caches.open(this.#name);
    for (const { url } of await cache.keys()) if (!wanted.has(url)) await cache.delete(url);
  }
}
