import { createStore } from 'zustand/vanilla';
import type { StoreApi } from 'zustand/vanilla';
import type { AnimationStore } from './animation.ts';

/** Frames selected in the film strip, by position. */
export interface SelectionState {
  readonly positions: ReadonlySet<number>;
  /** Position at which the selected range begins. */
  readonly anchor: number;
}

/** Selection of frames in the strip, as positions from 1. */
export interface SelectionStore extends StoreApi<SelectionState> {
  /** Selects these positions alone; those outside of the animation are left out. */
  readonly select: (positions: Iterable<number>) => void;
  readonly toggle: (position: number) => void;
  /** Selects the range from the anchor (if nothing is selected, from `from`) to a position. */
  readonly extendTo: (position: number, from: number) => void;
  readonly clear: () => void;
}

const none: ReadonlySet<number> = new Set();

/** Creates the store of the selection, which ends when the animation is replaced. */
export function createSelection(animation: AnimationStore): SelectionStore {
  const store = createStore<SelectionState>()(() => ({ positions: none, anchor: 1 }));

  animation.subscribe(({ edition }, before) => {
    if (edition !== before.edition) selection.clear();
  });

  const selection: SelectionStore = {
    ...store,
    select(positions) {
      const { length } = animation.getState().frames;
      const inside = [...positions].filter((position) => position >= 1 && position <= length);
      store.setState({ positions: new Set(inside), anchor: inside[0] ?? 1 });
    },
    toggle(position) {
      const positions = new Set(store.getState().positions);
      if (!positions.delete(position)) positions.add(position);
      store.setState({ positions, anchor: position });
    },
    extendTo(position, from) {
      const { positions, anchor: before } = store.getState();
      const anchor = positions.size > 0 ? before : Math.max(1, from);
      const [first, last] = [Math.min(anchor, position), Math.max(anchor, position)];
      selection.select(Array.from({ length: last - first + 1 }, (_, index) => first + index));
      store.setState({ anchor });
    },
    clear() {
      if (store.getState().positions.size > 0) store.setState({ positions: none });
    },
  };
  return selection;
}
