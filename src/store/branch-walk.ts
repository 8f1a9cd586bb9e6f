import { orderThrough, playedFrames } from '../project/index.ts';
import type { Branch } from '../project/index.ts';
import type { Stores } from './stores.ts';

/**
 * Shows a frame of a branch; loaded lazily with the drawing of the branches. If the frame is not played, the rest of its
 * branch replaces what is played from there on, which can be undone.
 */
export function showOnBranch(
  { animation, generation, notices, player }: Stores,
  branch: Branch,
  id: number,
): void {
  const { tree, project } = animation.getState();
  const place = playedFrames(tree).findIndex(({ frame }) => frame === id);
  if (place >= 0) {
    player.show(place + 1);
    return;
  }
  if (generation.getState().run) {
    notices.announce('Another branch can be played when the run is over.');
    return;
  }
  if (project?.readOnly) return;
  const order = orderThrough(tree, branch, id);
  animation.arrange('Another branch', order);
  player.show(order.findIndex(({ frame }) => frame === id) + 1);
}

/** The frame at which a branch differs from what is played; its first frame if all of it is played. */
export function entryOf({ frames }: Branch, isPlayed: (id: number) => boolean): number {
  const entry = frames.find((id) => !isPlayed(id)) ?? frames[0];
  if (entry === undefined) throw new RangeError('a branch has no frames');
  return entry;
}
