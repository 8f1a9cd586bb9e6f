import { createStore } from 'zustand/vanilla';
import type { StoreApi } from 'zustand/vanilla';
import type { Picture } from '../base/index.ts';
import type { PictureUrls } from './environment.ts';

/** A picture that the page shows. */
export interface Shown {
  readonly id: number;
  readonly picture: Picture;
}

export interface AddressesState {
  /** Where an `<img>` finds a picture, by the picture's id, once it is encoded. */
  readonly urls: ReadonlyMap<number, string>;
}

/** Gives pictures their addresses, one after another, and takes the addresses back. */
export interface Addresses extends StoreApi<AddressesState> {
  add(shown: Shown): void;
  /** Frees the addresses of pictures; one that is still being encoded never gets any. */
  release(shown: readonly Shown[]): void;
}

export function createAddresses(pictureUrls: PictureUrls): Addresses {
  const store = createStore<AddressesState>()(() => ({ urls: new Map<number, string>() }));
  const wanted = new Set<number>();
  let queue = Promise.resolve();

  async function encode({ id, picture }: Shown): Promise<void> {
    if (!wanted.has(id)) return;
    const url = await pictureUrls.create(picture);
    if (wanted.has(id)) store.setState(({ urls }) => ({ urls: new Map(urls).set(id, url) }));
    else pictureUrls.revoke(url);
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
