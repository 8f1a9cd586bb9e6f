import { LruCache } from '../base/index.ts';
import type { PictureRef } from '../project/index.ts';
import type { PictureUrls } from './environment.ts';
import type { Pictures } from './pictures.ts';
import type { StartPicture } from './start-picture.ts';

/** Gives pictures that are in view addresses for an `<img>`, and takes them back some time after they have left it. */
export interface Thumbnails {
  /**
   * Has a frame shown. `onUrl` is given its address once that is there, at once if it is there already.
   *
   * @returns what ends it
   */
  readonly showFrame: (project: string, frame: PictureRef, onUrl: (url: string) => void) => () => void;
  readonly showStart: (start: StartPicture, onUrl: (url: string) => void) => () => void;
  /** The address that a frame has already, or null. It is good until the next picture comes into view. */
  readonly urlOf: (project: string, frame: PictureRef) => string | null;
  readonly urlOfStart: (start: StartPicture) => string | null;
}

/** How many pictures keep their addresses once they are out of view. */
const mostIdle = 200;

interface Shown {
  url: string | null;
  readonly viewers: Set<(url: string) => void>;
}

export function createThumbnails({
  pictures,
  pictureUrls,
}: {
  pictures: Pick<Pictures, 'thumbnail' | 'encode'>;
  pictureUrls: PictureUrls;
}): Thumbnails {
  const shown = new Map<string, Shown>();
  const idle = new LruCache<string, string>(mostIdle, (url) => {
    pictureUrls.revoke(url);
  });

  async function make(key: string, entry: Shown, file: () => Promise<Blob>): Promise<void> {
    // A picture that cannot be encoded or read stays without an address: the stage says what is wrong with it.
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
      if (entry.url === null) void make(key, entry, file);
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
