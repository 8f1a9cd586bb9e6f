import type { StageView } from './stageView.ts';
import type { StagePoint } from './zoom.ts';

/** Largest change of the wheel, in pixels, that counts: a notch of a mouse's wheel is 100, a pinch on a touchpad a few. */
const largestTurn = 24;

/**
 * Zooms and moves the picture by the wheel with Ctrl, which is also what a pinch on a touchpad sends, by two fingers, by
 * dragging while it is zoomed, and by double click.
 *
 * @returns a function that ends it
 */
export function followGestures(stage: HTMLElement, view: StageView): () => void {
  const ended = new AbortController();
  const { signal } = ended;
  const pointers = new Map<number, StagePoint>();

  const pointOf = ({ clientX, clientY }: MouseEvent): StagePoint => {
    const { left, top, width, height } = stage.getBoundingClientRect();
    return { x: clientX - left - width / 2, y: clientY - top - height / 2 };
  };
  const isTool = ({ target }: Event) => target instanceof Element && target.closest('button') !== null;
  const on = <K extends keyof HTMLElementEventMap>(
    type: K,
    listener: (event: HTMLElementEventMap[K]) => void,
  ) => {
    stage.addEventListener(type, listener, { signal, passive: false });
  };

  on('wheel', (event) => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    const turn = Math.min(Math.max(event.deltaY, -largestTurn), largestTurn);
    view.zoomTo(view.getState().zoom.factor * Math.exp(-turn / 100), pointOf(event));
  });
  on('dblclick', (event) => {
    if (isTool(event)) return;
    if (view.getState().zoom.factor > 1) view.reset();
    else view.zoomTo(2, pointOf(event));
  });
  on('pointerdown', (event) => {
    if (isTool(event) || event.button !== 0) return;
    pointers.set(event.pointerId, pointOf(event));
    // A drag goes on outside of the stage.
    if (view.getState().zoom.factor > 1 || pointers.size > 1) stage.setPointerCapture(event.pointerId);
  });
  on('pointermove', (event) => {
    const before = pointers.get(event.pointerId);
    if (!before) return;
    // The button was let go without an event, as over a menu of the browser.
    if ((event.buttons & 1) === 0) {
      pointers.delete(event.pointerId);
      return;
    }
    const now = pointOf(event);
    pointers.set(event.pointerId, now);
    if (pointers.size > 2) return;
    const [other] = [...pointers].flatMap(([id, point]) => (id === event.pointerId ? [] : [point]));
    if (other) {
      const growth = distance(now, other) / Math.max(1, distance(before, other));
      view.zoomTo(view.getState().zoom.factor * growth, middle(before, other));
      view.pan(difference(middle(now, other), middle(before, other)));
    } else if (view.getState().zoom.factor > 1) {
      view.pan(difference(now, before));
    }
  });
  for (const type of ['pointerup', 'pointercancel', 'pointerleave'] as const) {
    on(type, ({ pointerId }) => {
      pointers.delete(pointerId);
    });
  }
  on('lostpointercapture', ({ pointerId, target }) => {
    // A finger is captured by what it touches first, which loses it to the stage.
    if (target === stage) pointers.delete(pointerId);
  });
  for (const type of ['touchstart', 'touchmove'] as const) {
    on(type, (event) => {
      // Else a second finger that goes up or down would scroll the page.
      if (event.touches.length > 1 && event.cancelable && !isTool(event)) event.preventDefault();
    });
  }
  const observer = new ResizeObserver(view.fit);
  observer.observe(stage);
  // The next picture may have another shape.
  const shapes = new MutationObserver(view.fit);
  shapes.observe(stage, { subtree: true, attributeFilter: ['width', 'height'] });
  return () => {
    ended.abort();
    observer.disconnect();
    shapes.disconnect();
  };
}

function distance(a: StagePoint, b: StagePoint): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

function middle(a: StagePoint, b: StagePoint): StagePoint {
  return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
}

function difference(a: StagePoint, b: StagePoint): StagePoint {
  return { x: a.x - b.x, y: a.y - b.y };
}
