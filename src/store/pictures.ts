import { LruCache, WorkerError } from '../base/index.ts';
import type { Picture } from '../base/index.ts';
import type { HeldPicture, PictureRef, PictureSource } from '../project/index.ts';
import type { mediaApi } from '../protocol/index.ts';
import type { WorkerHandle } from './worker-handle.ts';

/**
 * Pictures of frames, by project and id. New ones are held in memory as PNG files until they are on disk; an LRU cache
 * has decoded ones.
 */
export interface Pictures {
  /** Adds a new picture, which is encoded and held in memory until `kept`. */
  readonly add: (project: string, id: number, picture: Picture) => void;
  /** Adds a new picture that is a PNG file already; it is held until `kept`. */
  readonly hold: (project: string, held: HeldPicture) => void;
  /** Returns the PNG file of a held picture after it is encoded. @throws RangeError if it is not held */
  readonly png: (project: string, id: number) => Promise<Blob>;
  /** Releases a held picture, which is now on disk. */
  readonly kept: (project: string, id: number) => void;
  /** Returns a picture's pixels if they are in memory, else null. */
  readonly peek: (project: string, id: number) => Picture | null;
  /** Loads a picture's pixels from memory or disk. @throws ProjectError if it is lost or damaged */
  readonly load: (project: string, ref: PictureRef) => Promise<Picture>;
  /** Creates a PNG file for the film strip, downscaled to `thumbnailSide` if it is larger. */
  readonly thumbnail: (project: string, ref: PictureRef) => Promise<Blob>;
  /** Resolves when no picture is being loaded. */
  readonly whenIdle: () => Promise<void>;
  /** Encodes any picture as a PNG file. */
  readonly encode: (picture: Picture) => Promise<Blob>;
  /** Creates a source from which a worker reads pictures; it includes held ones, all or those with `ids`. */
  readonly source: (project: string, ids?: Iterable<number>) => Promise<PictureSource>;
}

/** Maximum size of the cache of decoded pictures, in bytes: about a hundred frames of 512 × 512. */
const cacheSize = 96 * 2 ** 20;

/** Maximum side of a thumbnail, in pixels. */
export const thumbnailSide = 256;

/** Maximum number of workers that one request is sent to: if that many die, the picture may be the cause. */
const mostAttempts = 3;

/** A picture in memory: as pixels, then as PNG. */
interface Held {
  /** Null after it is encoded. */
  picture: Picture | null;
  png: Blob | null;
  encoding: Promise<Blob> | null;
}

/** Creates the store of pictures, which encodes and decodes in the media worker. */
export function createPictures({ media }: { media: WorkerHandle<typeof mediaApi> }): Pictures {
  const cache = new LruCache<string, Picture>(cacheSize);
  const held = new Map<string, Map<number, Held>>();
  const loading = new Map<string, Promise<Picture>>();
  const idleWaiters: (() => void)[] = [];
  /** Chain of encodings, which run one at a time. */
  let encodings: Promise<unknown> = Promise.resolve();

  const keyOf = (project: string, id: number) => `${project}/${id}`;
  const heldOf = (project: string, id: number) => held.get(project)?.get(id);
  const remember = (key: string, picture: Picture) => {
    cache.set(key, picture, picture.data.byteLength);
  };

  /** Sends a request to the media worker; if the worker dies, to the next one, up to `mostAttempts` times in all. */
  async function ask<T>(question: (worker: ReturnType<typeof media.current>) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      const worker = media.current();
      try {
        return await question(worker);
      } catch (error) {
        if (!hasEnded(error)) throw error;
        media.reset(worker);
        if (attempt === mostAttempts) throw error;
      }
    }
  }

  const encode = (picture: Picture) => ask((worker) => worker.call('png', { picture }));

  function put(project: string, id: number, entry: Held) {
    const pictures = held.get(project) ?? new Map<number, Held>();
    held.set(project, pictures.set(id, entry));
  }

  /** Returns the PNG file of a held picture, encoding it if needed; after a failure, the next call tries again. */
  function pngOf(entry: Held): Promise<Blob> {
    if (entry.png) return Promise.resolve(entry.png);
    entry.encoding ??= encodings.then(async () => {
      try {
        if (!entry.picture) throw new RangeError('a picture is held as pixels or as a file');
        const png = await encode(entry.picture);
        entry.png = png;
        entry.picture = null;
        return png;
      } finally {
        entry.encoding = null;
      }
    });
    encodings = entry.encoding.catch(() => undefined);
    return entry.encoding;
  }

  async function source(project: string, ids?: Iterable<number>): Promise<PictureSource> {
    const pictures = held.get(project);
    const files: HeldPicture[] = [];
    for (const id of ids ?? pictures?.keys() ?? []) {
      const entry = pictures?.get(id);
      if (entry) files.push({ id, png: await pngOf(entry) });
    }
    return { project, held: files };
  }

  const pictures: Pictures = {
    add(project, id, picture) {
      remember(keyOf(project, id), picture);
      const entry: Held = { picture, png: null, encoding: null };
      put(project, id, entry);
      // A failure is reported to callers of `png` and `source`, which try again; until then the pixels are held.
      pngOf(entry).catch(() => undefined);
    },
    hold(project, { id, png }) {
      put(project, id, { picture: null, png, encoding: null });
    },
    async png(project, id) {
      const entry = heldOf(project, id);
      if (!entry) throw new RangeError(`picture ${id} is not held`);
      return pngOf(entry);
    },
    kept(project, id) {
      const entries = held.get(project);
      entries?.delete(id);
      if (entries?.size === 0) held.delete(project);
    },
    peek: (project, id) => cache.get(keyOf(project, id)) ?? heldOf(project, id)?.picture ?? null,
    load(project, { id, width, height }) {
      const key = keyOf(project, id);
      const known = pictures.peek(project, id);
      if (known) return Promise.resolve(known);
      const running = loading.get(key);
      if (running) return running;
      const load = (async () => {
        try {
          const from = await source(project, [id]);
          const picture = await ask((worker) =>
            worker.call('picture', {
              source: { ...from, held: [...from.held] },
              frame: { id, width, height },
            }),
          );
          remember(key, picture);
          return picture;
        } finally {
          loading.delete(key);
          if (loading.size === 0) for (const resolve of idleWaiters.splice(0)) resolve();
        }
      })();
      loading.set(key, load);
      return load;
    },
    async thumbnail(project, { id, width, height }) {
      // Small pictures are their own thumbnails, for which the file need only be read.
      const picture = Math.max(width, height) > thumbnailSide ? pictures.peek(project, id) : null;
      if (picture) return ask((worker) => worker.call('thumbnail', { of: { picture }, side: thumbnailSide }));
      const from = await source(project, [id]);
      return ask((worker) =>
        worker.call('thumbnail', {
          of: { source: { ...from, held: [...from.held] }, frame: { id, width, height } },
          side: thumbnailSide,
        }),
      );
    },
    whenIdle: () =>
      loading.size === 0
        ? Promise.resolve()
        : new Promise((resolve) => {
            idleWaiters.push(resolve);
          }),
    encode,
    source,
  };
  return pictures;
}

function hasEnded(error: unknown): boolean {
  return error instanceof WorkerError && ['worker-died', 'worker-closed'].includes(error.code);
}
