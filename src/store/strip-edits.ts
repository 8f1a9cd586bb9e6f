/** Edits of the frames selected in the film strip; loaded lazily with the first edit. */
import {
  framesDuplicated,
  framesHeld,
  framesKept,
  framesMoved,
  framesRemoved,
  playedFrames,
} from '../project/index.ts';
import type { PlayOrder } from '../project/index.ts';
import type { Frame } from './frames.ts';
import type { Stores } from './stores.ts';

/** Each edit applies to the selection, or to the frame on the stage if nothing is selected, and can be undone. */
export interface StripEdits {
  readonly remove: () => void;
  readonly duplicate: () => void;
  /** Shows each of the frames for so many frame times. */
  readonly hold: (times: number) => void;
  /** Moves the frames together, by one position back (-1) or on (1). */
  readonly moveBy: (by: -1 | 1) => void;
  /** Moves the frames together, to before the frame that is at the index `to` now. */
  readonly moveTo: (to: number) => void;
  /** Removes all other frames. */
  readonly keepOnly: () => void;
  readonly selectAll: () => void;
  /** Makes the one selected frame again with another seed, in its place. */
  readonly remake: () => Promise<void>;
  /** Starts a new project from the one selected frame. */
  readonly beginProject: () => Promise<void>;
}

/** Whether a frame can be made again from its metadata alone: it was made as a variant of one other frame. */
export function canBeRemade({ insight, leg }: Frame): boolean {
  return insight !== null && !leg;
}

/** Creates the edits of the film strip. */
export function createStripEdits({
  animation,
  environment,
  generation,
  notices,
  pictures,
  player,
  selection,
}: Stores): StripEdits {
  /** Selected positions, ascending. */
  function chosen(): number[] {
    const { positions } = selection.getState();
    const { position } = player.getState();
    if (positions.size > 0) return [...positions].sort((a, b) => a - b);
    return position > 0 ? [position] : [];
  }

  /**
   * Applies an edit, unless frames are being made.
   *
   * @param change gets the order, the selected indices in it, and the first and last selected position from 1; returns
   *   the new order, and the position of the first of the frames that are selected after it
   */
  function edit(
    label: (count: number) => string,
    change: (
      order: PlayOrder,
      indices: ReadonlySet<number>,
      selected: { readonly first: number; readonly last: number },
    ) => { readonly order: PlayOrder; readonly first: number; readonly count: number },
  ) {
    const positions = chosen();
    const hadSelection = selection.getState().positions.size > 0;
    const [first, last] = [positions[0], positions.at(-1)];
    if (first === undefined || last === undefined || animation.getState().project?.readOnly) return;
    if (generation.getState().run) {
      notices.announce('Frames can be edited when the run is over.');
      return;
    }
    const indices = new Set(positions.map((position) => position - 1));
    const next = change(playedFrames(animation.getState().tree), indices, { first, last });
    animation.arrange(label(positions.length), next.order);
    player.show(next.first);
    if (hadSelection) selection.select(Array.from({ length: next.count }, (_, at) => next.first + at));
    notices.announce(`${label(positions.length)}: done.`);
  }

  const move = (to: number) => {
    edit(namedFrames('Move'), (order, indices) => {
      const moved = framesMoved(order, indices, Math.min(Math.max(to, 0), order.length));
      return { order: moved.order, first: moved.first + 1, count: indices.size };
    });
  };

  return {
    remove() {
      edit(namedFrames('Delete'), (order, indices, { first }) => {
        const left = framesRemoved(order, indices);
        // The selection goes on to the next frame, so that its tools stay where they are.
        return { order: left, first: Math.min(first, left.length), count: 1 };
      });
    },
    duplicate() {
      edit(namedFrames('Duplicate'), (order, indices, { last }) => {
        return { order: framesDuplicated(order, indices), first: last + 1, count: indices.size };
      });
    },
    hold(times) {
      const positions = chosen();
      edit(namedFrames('Hold'), (order, indices, { first }) => {
        return { order: framesHeld(order, indices, times), first, count: 0 };
      });
      if (positions.length > 0) selection.select(positions);
    },
    moveBy(by) {
      const positions = chosen();
      move(by < 0 ? (positions[0] ?? 1) - 2 : (positions.at(-1) ?? 1) + 1);
    },
    moveTo: move,
    keepOnly() {
      edit(namedFrames('Keep only'), (order, indices) => {
        return { order: framesKept(order, indices), first: 1, count: indices.size };
      });
    },
    selectAll() {
      selection.select(animation.getState().frames.map(({ number }) => number));
    },
    async remake() {
      const [position] = chosen();
      if (position === undefined) return;
      await generation.remake(position, environment.randomSeed());
      player.show(position);
    },
    async beginProject() {
      const [position] = chosen();
      if (position === undefined) return;
      const name = `frame-${String(position).padStart(4, '0')}.png`;
      await animation.chooseStart(animation.pictureAt(position).then(pictures.encode), name);
    },
  };
}

function namedFrames(verb: string): (count: number) => string {
  return (count) => (count === 1 ? `${verb} frame` : `${verb} frames`);
}
