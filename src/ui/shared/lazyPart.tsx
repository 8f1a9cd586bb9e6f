import { lazy, useRef } from 'react';
import type { ComponentType } from 'react';
import { Dialog } from './Dialog.tsx';

/**
 * A part of the page whose code is loaded when the part is first shown, which keeps the page's initial script small.
 * Where the code cannot be loaded (the network is gone, or the page was updated on its server), `NotLoaded` takes its
 * place, and the rest of the page goes on.
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

/** A dialog whose code is loaded when it is first opened; a dialog of the same name says where that failed. */
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
