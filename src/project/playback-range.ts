/** Playback range and repetition of an animation. */
export interface PlaybackRange {
  /** First and last position, both included; position 0 is the start picture, 1 the first frame. */
  readonly first: number;
  readonly last: number;
  readonly loop: boolean;
  /** Plays forward, then backward, instead of restarting at `first`. */
  readonly pingPong: boolean;
}

/** Playback state: the current position, and the direction, forward (1) or backward (-1). */
export interface Playhead {
  readonly position: number;
  readonly direction: 1 | -1;
}

/** Advances the playhead by one frame. Returns null at the end of an animation that does not loop. */
export function advancePlayhead(
  { first, last, loop, pingPong }: PlaybackRange,
  playhead: Playhead,
): Playhead | null {
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
 * All positions of one pass in playback order, as they are written to a file. A pass of a looping ping-pong omits the
 * final return to `first`, because the next pass starts there.
 */
export function playbackPositions({ first, last, loop, pingPong }: PlaybackRange): number[] {
  const forward = Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index);
  if (!pingPong || forward.length < 2) return forward;
  const back = forward.slice(loop ? 1 : 0, -1).reverse();
  return [...forward, ...back];
}
