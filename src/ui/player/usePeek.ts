import { useRef } from 'react';
import type { PointerEvent } from 'react';
import type { PlayerState, Stores } from '../../store/index.ts';
import { frameAt } from './curve.ts';

/**
 * Handlers for a field whose width stands for all frames: the one under the mouse is on the stage for as long as the
 * mouse is there, and stays when it is clicked. A finger shows frames for good: it hides nothing that waits.
 */
export function usePeek({ animation, generation, player }: Stores) {
  const before = useRef<PlayerState | null>(null);

  const show = ({ clientX, currentTarget }: PointerEvent) => {
    const { left, width } = currentTarget.getBoundingClientRect();
    const frames = animation.getState().frames.length;
    if (frames > 0) player.show(frameAt((clientX - left) / Math.max(1, width), frames));
  };

  return {
    onPointerEnter: ({ pointerType }: PointerEvent) => {
      before.current = pointerType === 'mouse' ? player.getState() : null;
    },
    onPointerMove: show,
    onPointerDown: (event: PointerEvent) => {
      before.current = null;
      show(event);
    },
    onPointerLeave: () => {
      const { current } = before;
      before.current = null;
      if (!current) return;
      if (current.following && generation.getState().run) player.follow();
      // A run that has ended meanwhile leaves its last frame on the stage.
      else player.show(current.following ? Infinity : current.position);
      if (current.playing) player.play();
    },
  };
}
