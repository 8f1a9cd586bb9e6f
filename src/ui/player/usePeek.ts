import { useRef } from 'react';
import type { PointerEvent } from 'react';
import type { PlayerState, Stores } from '../../store/index.ts';
import { frameAt } from './curve.ts';

/**
 * Pointer handlers for an element whose width spans all frames. Hovering with a mouse previews the frame under the
 * pointer; leaving restores the earlier position, unless the mouse was clicked. Touch and pen select frames
 * permanently.
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
      // If the run ended meanwhile, its last frame is shown.
      else player.show(current.following ? Infinity : current.position);
      if (current.playing) player.play();
    },
  };
}
