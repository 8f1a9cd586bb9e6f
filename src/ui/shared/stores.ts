import { createContext, useContext, useSyncExternalStore } from 'react';
import type { Stores } from '../../store/index.ts';

/** React context of the stores. */
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

/** Subscribes to a part of a store. `select` has to return an identical value while nothing relevant changes. */
export function useSelect<T, S>(store: Readable<T>, select: (state: T) => S): S {
  const read = () => select(store.getState());
  return useSyncExternalStore(store.subscribe, read, read);
}
