/** How an animation runs: over which frames, and what happens at its end. */
export interface Reel {
  /** First and last position, both included; position 0 is the start picture, 1 the first frame. */
  readonly first: number;
  readonly last: number;
  readonly loop: boolean;
  /** Back and forth instead of from the top again. */
  readonly pingPong: boolean;
}

/** Where playing stands, and whether it runs forward (1) or back (-1). */
export interface Playhead {
  readonly position: number;
  readonly direction: 1 | -1;
}

/** The position after this one, or null where an animation that does not loop has ended. */
export function advance({ first, last, loop, pingPong }: Reel, playhead: Playhead): Playhead | null {
  const { position } = playhead;
  if (last <= first) return null;
  if (!pingPong) {
    if (position >= first && position < last) return { position: position + 1, direction: 1 };
    return loop || position < first ? { position: first, direction: 1 } : null;
  }
  if (position < first) return { position: first, direction: 1 };
  const forward = playhead.direction === 1 ? position < last : position <= first;
  if (playhead.direction === -1 && forward && !loop) return null;
  return forward
    ? { position: position + 1, direction: 1 }
    : { position: Math.min(position, last) - 1, direction: -1 };
}

/**
 * The positions of a whole animation in the order in which they are written to a file. Back and forth, an
 * animation that loops leaves out the last step home, because the next round begins with it.
 */
export function reelPositions({ first, last, loop, pingPong }: Reel): number[] {
  const forward = Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index);
  if (!pingPong || forward.length < 2) return forward;
  const back = forward.slice(loop ? 1 : 0, -1).reverse();
  return [...forward, ...back];
}
