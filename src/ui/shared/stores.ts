import { createContext, useContext, useSyncExternalStore } from 'react';
import type { Stores } from '../../store/index.ts';

/** The stores, for every component below. */
export const StoresContext = createContext<Stores | null>(null);

export function useStores(): Stores {
  const stores = useContext(StoresContext);
  if (!stores) throw new Error('Components of the page stand below StoresContext.');
  return stores;
}

interface Readable<T> {
  readonly getState: () => T;
  readonly subscribe: (listener: () => void) => () => void;
}

/** A part of a store. `select` returns something that is equal as long as nothing relevant changed. */
export function useSelect<T, S>(store: Readable<T>, select: (state: T) => S): S {
  const read = () => select(store.getState());
  return useSyncExternalStore(store.subscribe, read, read);
}
