import { lazy, useRef } from 'react';
import type { ComponentType } from 'react';
import { Dialog } from './Dialog.tsx';

/**
 * Lazily loaded component, which keeps the initial script small. If loading fails (no network, or the server has a
 * newer version of the page), `NotLoaded` is rendered instead and the rest of the page keeps working.
 */
export function lazyPart<P extends object>(
  load: () => Promise<ComponentType<P>>,
  NotLoaded: ComponentType<P> = NotLoadedNote,
) {
  return lazy<ComponentType<P>>(async () => {
    try {
      return { default: await load() };
    } catch {
      return { default: NotLoaded };
    }
  });
}

/** Lazily loaded dialog; if loading fails, a dialog of the same name shows the error. */
export function lazyDialog<P extends { readonly onClose: () => void }>(
  name: string,
  load: () => Promise<ComponentType<P>>,
) {
  return lazyPart<P>(load, function NotLoadedDialog({ onClose }) {
    const dialog = useRef<HTMLDialogElement>(null);
    return (
      <Dialog dialog={dialog} name={name} width={480} onClose={onClose}>
        <NotLoadedNote />
      </Dialog>
    );
  });
}

function NotLoadedNote() {
  return (
    <p role="alert">
      This part of the page could not be loaded. Your frames are kept. Reload the page and try again.
    </p>
  );
}
