import { createStore } from 'zustand/vanilla';
import type { StoreApi } from 'zustand/vanilla';
import { WorkerError } from '../base/index.ts';
import type { Picture } from '../base/index.ts';
import type { mediaApi } from '../protocol/index.ts';
import type { PictureUrls } from './environment.ts';
import type { Link } from './link.ts';

/** A picture that the page shows. */
export interface Shown {
  readonly id: number;
  readonly picture: Picture;
}

export interface AddressesState {
  /** Where an `<img>` finds a picture, by the picture's id, once it is encoded. */
  readonly urls: ReadonlyMap<number, string>;
}

/** Gives pictures their addresses, one after another, as PNG files; and takes the addresses back. */
export interface Addresses extends StoreApi<AddressesState> {
  add(shown: Shown): void;
  /** Frees the addresses of pictures; one that is still being encoded never gets any. */
  release(shown: readonly Shown[]): void;
}

/** How many workers are asked for one picture: what has ended so many may be the picture. */
const mostAttempts = 3;

export function createAddresses({
  media,
  pictureUrls,
}: {
  media: Link<typeof mediaApi>;
  pictureUrls: PictureUrls;
}): Addresses {
  const store = createStore<AddressesState>()(() => ({ urls: new Map<number, string>() }));
  const wanted = new Set<number>();
  let queue = Promise.resolve();

  async function encode({ id, picture }: Shown): Promise<void> {
    if (!wanted.has(id)) return;
    const file = await compress(picture);
    if (!wanted.has(id)) return;
    const url = pictureUrls.create(file);
    store.setState(({ urls }) => ({ urls: new Map(urls).set(id, url) }));
  }

  /** A picture as a PNG file; where something else has ended the worker, the one after it is asked. */
  async function compress(picture: Picture): Promise<Blob> {
    for (let attempt = 1; ; attempt++) {
      const worker = media.current();
      try {
        return await worker.call('png', { picture });
      } catch (error) {
        if (!hasEnded(error) || attempt === mostAttempts) throw error;
        media.reset(worker);
      }
    }
  }

  return {
    ...store,
    add(shown) {
      wanted.add(shown.id);
      // A picture that cannot be encoded stays without an address: the stage shows it all the same.
      queue = queue.then(() => encode(shown)).catch(() => undefined);
    },
    release(shown) {
      const urls = new Map(store.getState().urls);
      for (const { id } of shown) {
        wanted.delete(id);
        const url = urls.get(id);
        if (url !== undefined) pictureUrls.revoke(url);
        urls.delete(id);
      }
      store.setState({ urls });
    },
  };
}

function hasEnded(error: unknown): boolean {
  return error instanceof WorkerError && ['worker-died', 'worker-closed'].includes(error.code);
}
