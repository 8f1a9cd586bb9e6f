import type { Stores } from '../../store/index.ts';
import { createStripEdits } from '../../store/strip-edits.ts';
import styles from './Strip.module.css';
import { tileLeft, tileStep } from './window.ts';

/** Distance in CSS pixels after which a press with the mouse is a drag, and a touch no long press any more. */
const slack = 6;
/** Milliseconds after which a touch is a long press. */
const longPress = 450;
/** Distance from the edges of the strip, in CSS pixels, in which a drag scrolls it. */
const edge = 48;

/**
 * Follows a press on a tile of the film strip until it ends: dragging with the mouse moves the selected frames, or the
 * pressed one; a long press with a finger selects the frame.
 */
export function followPress(
  stores: Stores,
  strip: HTMLElement,
  { clientX, clientY, pointerId, pointerType }: PointerEvent,
  position: number,
): void {
  const ended = new AbortController();
  const { signal } = ended;
  const on = <K extends keyof WindowEventMap>(type: K, listener: (event: WindowEventMap[K]) => void) => {
    window.addEventListener(type, listener, { signal });
  };
  const hasMoved = (event: PointerEvent) =>
    Math.hypot(event.clientX - clientX, event.clientY - clientY) > slack;
  const end = () => {
    ended.abort();
  };

  if (pointerType === 'touch') {
    const timer = setTimeout(() => {
      if (!signal.aborted) stores.selection.toggle(position);
      // The click that follows would toggle it again.
      window.addEventListener('click', swallow, { capture: true, once: true });
      setTimeout(() => {
        window.removeEventListener('click', swallow, { capture: true });
      }, 1000);
    }, longPress);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
    });
    on('pointermove', (event) => {
      if (hasMoved(event)) end();
    });
    on('pointerup', end);
    on('pointercancel', end);
    on('contextmenu', (event) => {
      event.preventDefault();
    });
    return;
  }

  let drag: { readonly mark: HTMLElement; to: number } | null = null;
  const list = strip.querySelector('ul');
  const indexAt = (x: number) => {
    const offset = (list?.getBoundingClientRect().left ?? 0) - tileStep / 2;
    const { length } = stores.animation.getState().frames;
    return Math.min(Math.max(Math.floor((x - offset) / tileStep), 0), length);
  };
  const begin = () => {
    const { selection } = stores;
    if (!selection.getState().positions.has(position)) selection.select([position]);
    const mark = document.createElement('div');
    mark.className = styles['mark'] ?? '';
    strip.append(mark);
    strip.toggleAttribute('data-dragging', true);
    return { mark, to: position - 1 };
  };
  on('pointermove', (event) => {
    if (event.pointerId !== pointerId) return;
    if (!drag && !hasMoved(event)) return;
    drag ??= begin();
    drag.to = indexAt(event.clientX);
    const { left, right } = strip.getBoundingClientRect();
    if (event.clientX < left + edge) strip.scrollLeft -= tileStep / 4;
    if (event.clientX > right - edge) strip.scrollLeft += tileStep / 4;
    const origin = list?.getBoundingClientRect() ?? new DOMRect();
    drag.mark.style.left = `${origin.left + tileLeft(drag.to) - 6}px`;
    drag.mark.style.top = `${origin.top}px`;
  });
  on('pointerup', () => {
    if (drag) {
      createStripEdits(stores).moveTo(drag.to);
      window.addEventListener('click', swallow, { capture: true, once: true });
      setTimeout(() => {
        window.removeEventListener('click', swallow, { capture: true });
      });
    }
    end();
  });
  on('pointercancel', end);
  on('keydown', (event) => {
    if (event.key !== 'Escape' || !drag) return;
    event.preventDefault();
    event.stopPropagation();
    end();
  });
  signal.addEventListener('abort', () => {
    drag?.mark.remove();
    strip.removeAttribute('data-dragging');
  });
}

function swallow(event: Event): void {
  event.stopPropagation();
  event.preventDefault();
}
