import { AppendList } from '../base/index.ts';
import type { Picture } from '../base/index.ts';
import { path } from '../project/index.ts';
import type { FrameNode, FrameTree, SegmentStep, PictureRef, Settings } from '../project/index.ts';
import type { FrameInsight } from '../protocol/index.ts';

/** A frame of the animation on the page, without its pixels: see `Pictures`. */
export interface Frame extends PictureRef {
  /** Id in the project's tree. */
  readonly id: number;
  /** Position in the animation, from 1. */
  readonly number: number;
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
export function frameOf(node: FrameNode, number: number): Frame {
  const { id, width, height, seconds, insight, settings, leg, variant } = node;
  return { id, number, width, height, seconds, insight, settings, leg, variant };
}

/** The animation of a tree. Objects of `before` are reused for frames at the same position. */
export function framesOf(tree: FrameTree, before: Frames): Frames {
  return new AppendList(
    path(tree).map((node, index) => {
      const same = before.at(index);
      return same?.id === node.id ? same : frameOf(node, index + 1);
    }),
  );
}
