import { AppendList } from '../base/index.ts';
import type { Picture } from '../base/index.ts';
import { path, playedFrames } from '../project/index.ts';
import type { FrameNode, FrameTree, SegmentStep, PictureRef, Settings } from '../project/index.ts';
import type { FrameInsight } from '../protocol/index.ts';

/** A frame of the animation on the page, without its pixels: see `Pictures`. */
export interface Frame extends PictureRef {
  /** Id in the project's tree. */
  readonly id: number;
  /** Position in the animation, from 1. */
  readonly number: number;
  /** Number of frame times for which it is shown. */
  readonly hold: number;
  /** Key that is unique in the animation: a frame may occur more than once. */
  readonly key: string;
  /** Seconds that making it took. */
  readonly seconds: number;
  /** Measurements; null for an imported picture. */
  readonly insight: FrameInsight | null;
  /** The settings that it was made with. */
  readonly settings: Settings;
  /** Position in a segment of smooth mode; absent for a variant of the frame before. */
  readonly leg?: SegmentStep | undefined;
  /** Variant number of its noise key. */
  readonly variant: number;
}

/** A frame that has just been made, with its pixels. */
export interface NewPicture extends Pick<Frame, 'seconds' | 'insight' | 'settings' | 'leg'> {
  readonly picture: Picture;
  /** Name of the model; empty for an imported picture. */
  readonly model: string;
  /** Variant number of its noise key; default 0. */
  readonly variant?: number;
}

/** Frames of an animation, in order. */
export type Frames = AppendList<Frame>;

export const noFrames: Frames = new AppendList<Frame>();

/** Creates the frame of a node of the tree; `number` is its position, from 1. */
export function frameOf(node: FrameNode, number: number, { hold = 1, repeat = 0 } = {}): Frame {
  const { id, width, height, seconds, insight, settings, leg, variant } = node;
  const key = repeat > 0 ? `${id}.${repeat}` : String(id);
  return { id, number, hold, key, width, height, seconds, insight, settings, leg, variant };
}

/** The animation of a tree. Objects of `before` are reused for frames at the same position. */
export function framesOf(tree: FrameTree, before: Frames): Frames {
  const seen = new Map<number, number>();
  return new AppendList(
    playedFrames(tree).flatMap(({ frame: id, hold = 1 }, index) => {
      const node = tree.nodes.get(id);
      if (!node) return [];
      const repeat = seen.get(id) ?? 0;
      seen.set(id, repeat + 1);
      const frame = frameOf(node, index + 1, { hold, repeat });
      const same = before.at(index);
      return same?.key === frame.key && same.hold === hold ? same : frame;
    }),
  );
}

/** The frames from which a frame was made, one from the other, and itself: what a run from it continues. */
export function lineageOf(tree: FrameTree, id: number): Frames {
  return new AppendList(path(tree, id).map((node, index) => frameOf(node, index + 1)));
}

/** Number of frame times for which a position is shown; 1 for the start picture, at 0. */
export function holdAt(frames: Frames, position: number): number {
  return position > 0 ? (frames.at(position - 1)?.hold ?? 1) : 1;
}

/** Positions of an animation, each as often as its frame's hold says, which is how held frames are exported. */
export function withHolds(frames: Frames, positions: readonly number[]): number[] {
  return positions.flatMap((position) => Array.from({ length: holdAt(frames, position) }, () => position));
}
