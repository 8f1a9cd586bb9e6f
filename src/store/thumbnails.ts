import { LruCache } from '../base/index.ts';
import type { PictureRef } from '../project/index.ts';
import type { PictureUrls } from './environment.ts';
import type { Pictures } from './pictures.ts';
import type { StartPicture } from './start-picture.ts';

/** Object URLs of pictures in view, with reference counting; released ones stay in an LRU cache before revocation. */
export interface Thumbnails {
  /**
   * Requests the URL of a frame's thumbnail. `onUrl` is called when it is created, or at once if it exists.
   *
   * @returns a function that releases it
   */
  readonly showFrame: (project: string, frame: PictureRef, onUrl: (url: string) => void) => () => void;
  readonly showStart: (start: StartPicture, onUrl: (url: string) => void) => () => void;
  /** Returns the URL of a frame's thumbnail if it exists, else null. It may be revoked once other URLs are released. */
  readonly urlOf: (project: string, frame: PictureRef) => string | null;
  readonly urlOfStart: (start: StartPicture) => string | null;
}

/** Maximum number of URLs that are kept after their release. */
const mostIdle = 200;

/** Number of thumbnails that are made at the same time: one is read while another is encoded. */
const mostAtOnce = 2;

interface Shown {
  url: string | null;
  readonly viewers: Set<(url: string) => void>;
}

/** Creates the thumbnails, without any. */
export function createThumbnails({
  pictures,
  pictureUrls,
}: {
  pictures: Pick<Pictures, 'thumbnail' | 'encode' | 'whenIdle'>;
  pictureUrls: PictureUrls;
}): Thumbnails {
  const shown = new Map<string, Shown>();
  const idle = new LruCache<string, string>(mostIdle, (url) => {
    pictureUrls.revoke(url);
  });

  /** Thumbnails that wait for their turn, and the number of those being made. */
  const waiting: (() => Promise<void>)[] = [];
  let running = 0;

  async function work(): Promise<void> {
    running++;
    try {
      while (waiting.length > 0) {
        // The same worker decodes the pictures that are played, and those are due at a time.
        await pictures.whenIdle();
        await waiting.shift()?.();
      }
    } finally {
      running--;
    }
  }

  async function make(key: string, entry: Shown, file: () => Promise<Blob>): Promise<void> {
    // Scrolled past meanwhile: those in view must not wait for it.
    if (shown.get(key) !== entry) return;
    // A picture that cannot be read or encoded gets no URL; the stage reports the error when it shows the picture.
    const png = await file().catch(() => null);
    if (!png || shown.get(key) !== entry) return;
    const url = pictureUrls.create(png);
    entry.url = url;
    for (const onUrl of entry.viewers) onUrl(url);
  }

  function show(key: string, file: () => Promise<Blob>, onUrl: (url: string) => void): () => void {
    const viewer = (url: string) => {
      onUrl(url);
    };
    let entry = shown.get(key);
    if (!entry) {
      entry = { url: idle.take(key) ?? null, viewers: new Set() };
      shown.set(key, entry);
      if (entry.url === null) {
        const asked = entry;
        waiting.push(() => make(key, asked, file));
        if (running < mostAtOnce) void work();
      }
    }
    entry.viewers.add(viewer);
    if (entry.url !== null) onUrl(entry.url);
    const current = entry;
    return () => {
      current.viewers.delete(viewer);
      if (current.viewers.size > 0 || shown.get(key) !== current) return;
      shown.delete(key);
      if (current.url !== null) idle.set(key, current.url, 1);
    };
  }

  const keyOf = (project: string, { id }: PictureRef) => `${project}/${id}`;
  const startKey = ({ id }: StartPicture) => `start ${id}`;
  const known = (key: string) => shown.get(key)?.url ?? idle.get(key) ?? null;

  return {
    urlOf: (project, frame) => known(keyOf(project, frame)),
    urlOfStart: (start) => known(startKey(start)),
    showFrame: (project, frame, onUrl) =>
      show(keyOf(project, frame), () => pictures.thumbnail(project, frame), onUrl),
    showStart: (start, onUrl) => show(startKey(start), () => pictures.encode(start.picture), onUrl),
  };
}
