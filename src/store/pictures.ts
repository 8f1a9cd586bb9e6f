import { LruCache, WorkerError } from '../base/index.ts';
import type { Picture } from '../base/index.ts';
import type { HeldPicture, PictureRef, PictureSource } from '../project/index.ts';
import type { mediaApi } from '../protocol/index.ts';
import type { WorkerHandle } from './worker-handle.ts';

/**
 * The pixels of frames, by project and id. They are on disk, or held as PNG files until they are; a bounded cache has
 * those that were used last decoded.
 */
export interface Pictures {
  /** Takes in a new picture. It is held until it is said to be kept. */
  readonly add: (project: string, id: number, picture: Picture) => void;
  /** Takes in a new picture that is a PNG file already. */
  readonly hold: (project: string, held: HeldPicture) => void;
  /** The PNG file of a picture that is held, once it is encoded. */
  readonly png: (project: string, id: number) => Promise<Blob>;
  /** A picture is on disk: it need not be held any more. */
  readonly kept: (project: string, id: number) => void;
  /** The pixels, if they are in memory. */
  readonly peek: (project: string, id: number) => Picture | null;
  /** The pixels, from memory or disk. @throws ProjectError when they are lost or damaged */
  readonly load: (project: string, ref: PictureRef) => Promise<Picture>;
  /** A picture for the film strip: a small PNG file, or its own where it is small itself. */
  readonly thumbnail: (project: string, ref: PictureRef) => Promise<Blob>;
  /** A picture as a PNG file, whatever it belongs to. */
  readonly encode: (picture: Picture) => Promise<Blob>;
  /** Where a worker finds pictures of a project: those that are held come along. */
  readonly source: (project: string, ids?: Iterable<number>) => Promise<PictureSource>;
}

/** Decoded pictures take at most this much memory, in bytes: a second and more of frames of 512 × 512. */
const cacheSize = 96 * 2 ** 20;

/** Pictures with no longer side are their own thumbnails. */
export const thumbnailSide = 256;

/** How many workers are asked for one picture: what has ended so many may be the picture. */
const mostAttempts = 3;

interface Held {
  /** Until it is encoded. */
  picture: Picture | null;
  png: Blob | null;
  encoding: Promise<Blob> | null;
}

export function createPictures({ media }: { media: WorkerHandle<typeof mediaApi> }): Pictures {
  const cache = new LruCache<string, Picture>(cacheSize);
  const held = new Map<string, Map<number, Held>>();
  const loading = new Map<string, Promise<Picture>>();
  /** Pictures are encoded one after another. */
  let encodings: Promise<unknown> = Promise.resolve();

  const keyOf = (project: string, id: number) => `${project}/${id}`;
  const heldOf = (project: string, id: number) => held.get(project)?.get(id);
  const remember = (key: string, picture: Picture) => {
    cache.set(key, picture, picture.data.byteLength);
  };

  /** Asks the media worker. Where something else has ended it, the one after it is asked. */
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

  /** Encodes what is held as pixels; after a failure, the next who asks tries again. */
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
      // Whoever needs the file hears of a failure; until then the pixels are held.
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
        }
      })();
      loading.set(key, load);
      return load;
    },
    async thumbnail(project, { id, width, height }) {
      const from = await source(project, [id]);
      return ask((worker) =>
        worker.call('thumbnail', {
          source: { ...from, held: [...from.held] },
          frame: { id, width, height },
          side: thumbnailSide,
        }),
      );
    },
    encode,
    source,
  };
  return pictures;
}

function hasEnded(error: unknown): boolean {
  return error instanceof WorkerError && ['worker-died', 'worker-closed'].includes(error.code);
}
