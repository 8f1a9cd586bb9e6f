import { AppendList } from '../base/index.ts';
import type { Picture } from '../base/index.ts';
import { path } from '../project/index.ts';
import type { FrameNode, FrameTree, SegmentStep, PictureRef, Settings } from '../project/index.ts';
import type { FrameInsight } from '../protocol/index.ts';

/** A finished frame of the animation: all that is known of it but its pixels, which `Pictures` has. */
export interface Frame extends PictureRef {
  /** Its id in the project's tree. */
  readonly id: number;
  /** Its place in the animation, from 1. */
  readonly number: number;
  /** Seconds that it took. */
  readonly seconds: number;
  /** What was measured on the way; null for a picture that was brought in. */
  readonly insight: FrameInsight | null;
  /** The settings that it was made with. */
  readonly settings: Settings;
  /** Where it stands between two variants, in smooth mode. */
  readonly leg?: SegmentStep | undefined;
  /** Which variant of its round it is: with its seed and its place, its noise. 0 where there is one. */
  readonly variant: number;
}

/** A frame that has just been made. */
export interface NewPicture extends Pick<Frame, 'seconds' | 'insight' | 'settings' | 'leg'> {
  readonly picture: Picture;
  /** The name of the model that made it; empty where none did. */
  readonly model: string;
  /** Which variant of its round it is: with its seed and its place, its noise. 0 where there is one. */
  readonly variant?: number;
}

export type Frames = AppendList<Frame>;

export const noFrames: Frames = new AppendList<Frame>();

export function frameOf(node: FrameNode, number: number): Frame {
  const { id, width, height, seconds, insight, settings, leg, variant } = node;
  return { id, number, width, height, seconds, insight, settings, leg, variant };
}

/** The animation of a tree. Frames that it has in common with the one before stay the same objects. */
export function framesOf(tree: FrameTree, before: Frames): Frames {
  return new AppendList(
    path(tree).map((node, index) => {
      const same = before.at(index);
      return same?.id === node.id ? same : frameOf(node, index + 1);
    }),
  );
}
