import { useEffect, useState } from 'react';
import type { RefObject } from 'react';
import { windowOf } from './window.ts';

/** Range of tiles of the scrolled list to render; updated on scrolling and resizing. */
export function useWindow(
  strip: RefObject<HTMLElement | null>,
  list: RefObject<HTMLElement | null>,
  tiles: number,
): { readonly first: number; readonly last: number } {
  const [view, setView] = useState({ left: 0, width: 0 });
  useEffect(() => {
    const element = strip.current;
    if (!element) return;
    const look = () => {
      const offset = list.current ? list.current.offsetLeft - element.offsetLeft : 0;
      const next = { left: element.scrollLeft - offset, width: element.clientWidth };
      // Re-renders only if the range changes.
      setView((before) => {
        const [a, b] = [windowOf(tiles, before.left, before.width), windowOf(tiles, next.left, next.width)];
        return a.first === b.first && a.last === b.last ? before : next;
      });
    };
    look();
    element.addEventListener('scroll', look, { passive: true });
    const observer = new ResizeObserver(look);
    observer.observe(element);
    return () => {
      element.removeEventListener('scroll', look);
      observer.disconnect();
    };
  }, [strip, list, tiles]);
  return windowOf(tiles, view.left, view.width);
}
