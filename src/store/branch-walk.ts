/** Walking the branches of a project; loaded lazily with their drawing. */
import { orderThrough, playedFrames } from '../project/index.ts';
import type { Branch, FrameTree } from '../project/index.ts';
import type { HistoryEntry } from './history.ts';
import type { Stores } from './stores.ts';

/** Topic of notices that an edited order was put aside. */
const orderTopic = 'order';

/** Whether a branch is the one that is played: the animation ends on it. */
export function isPlayedBranch({ leaf }: Pick<FrameTree, 'leaf'>, { frames }: Branch): boolean {
  return frames.includes(leaf);
}

/** Why no other branch can be played now; null if one can. */
export function walkRefusal({ running, readOnly }: { running: boolean; readOnly: boolean }): string | null {
  if (readOnly) return 'This project is open in another tab: another branch can be played there.';
  return running ? 'Another branch can be played when the run is over.' : null;
}

/**
 * Shows a frame of a branch. On the branch that is played, that is the nearest frame which is played, and what is played
 * stays. Of another branch, the part that is not played replaces what is played from there on, as one undoable step; that
 * an edited order was put aside is said, with a way back.
 *
 * @param id - a frame of the branch, or null for the one at which it differs from what is played
 */
export function walkBranch(stores: Stores, branch: Branch, id: number | null): void {
  const { animation, generation, history, notices, player } = stores;
  const { tree, project } = animation.getState();
  const played = playedFrames(tree);
  const isPlayed = new Set(played.map(({ frame }) => frame));
  const show = (wanted: number) => {
    player.show(played.findIndex(({ frame }) => frame === wanted) + 1);
  };
  if (isPlayedBranch(tree, branch)) {
    const nearest = nearestPlayed(branch, id, isPlayed);
    if (nearest !== null) show(nearest);
    return;
  }
  const refusal = walkRefusal({
    running: generation.getState().run !== null,
    readOnly: project?.readOnly ?? false,
  });
  if (refusal !== null) {
    notices.announce(refusal);
    return;
  }
  const frame = id ?? entryOf(branch, isPlayed);
  if (isPlayed.has(frame)) {
    show(frame);
    return;
  }
  const order = orderThrough(tree, branch, frame);
  animation.arrange('Another branch', order);
  player.show(order.findIndex((each) => each.frame === frame) + 1);
  const entry = history.getState().undo;
  if (tree.order && entry) offerBack(stores, entry);
}

/** Says that an edited order was put aside, and offers to undo that until something else changes what is played. */
function offerBack({ animation, generation, history, notices }: Stores, entry: HistoryEntry): void {
  const { tree } = animation.getState();
  const withdraw = () => {
    const isCurrent = animation.getState().tree === tree && history.includes(entry);
    if (!isCurrent || generation.getState().run) notices.dismissTopic(orderTopic);
  };
  const stops = [animation, generation, history].map((store) => store.subscribe(withdraw));
  const undo = () => {
    history.undoAlone(entry);
  };
  notices.info(
    orderTopic,
    'Another branch is played. The edited order of the frames was put aside.',
    [{ label: 'Undo', run: undo }],
    () => {
      for (const stop of stops) stop();
    },
  );
}

/** The frame at which a branch differs from what is played; its first frame if all of it is played. */
function entryOf({ frames }: Branch, played: ReadonlySet<number>): number {
  const entry = frames.find((id) => !played.has(id)) ?? frames[0];
  if (entry === undefined) throw new RangeError('a branch has no frames');
  return entry;
}

/** The played frame of a branch that is nearest to one of its frames, or the first one; null if none is played. */
function nearestPlayed({ frames }: Branch, id: number | null, played: ReadonlySet<number>): number | null {
  const from = id === null ? 0 : frames.indexOf(id);
  let nearest: number | null = null;
  let distance = Infinity;
  frames.forEach((frame, at) => {
    if (!played.has(frame) || Math.abs(at - from) >= distance) return;
    nearest = frame;
    distance = Math.abs(at - from);
  });
  return nearest;
}
