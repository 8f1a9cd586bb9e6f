import { useEffect, useRef } from 'react';
import type { Picture } from '../../base/index.ts';
import type { Stores } from '../../store/index.ts';
import { useStores } from '../shared/stores.ts';
import { showScene } from './paint.ts';
import stageStyles from './Stage.module.css';
import styles from './StageTools.module.css';

/** The frame before the picture on the stage, shown through it. Not while playing, or comparing with another picture. */
export function OnionSkin() {
  const { animation, generation, pictures, player } = useStores();
  const ref = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    let ended = false;
    let reading = false;
    const draw = () => {
      const { current: canvas } = ref;
      if (!canvas) return;
      const position = positionBefore({ generation, player });
      canvas.hidden = position === null;
      if (position === null) return;
      const picture = pictureInMemory({ animation, pictures }, position);
      if (picture) show(canvas, picture);
      else void read(canvas, position);
    };
    const read = async (canvas: HTMLCanvasElement, position: number) => {
      // Until it is read, another frame would show through.
      canvas.hidden = true;
      if (reading) return;
      reading = true;
      const { edition } = animation.getState();
      // A picture that cannot be read is reported when it is on the stage itself.
      const picture = await animation.pictureAt(position).catch(() => null);
      reading = false;
      if (ended) return;
      const isWanted =
        edition === animation.getState().edition && positionBefore({ generation, player }) === position;
      if (!isWanted) {
        draw();
      } else if (picture) {
        show(canvas, picture);
        canvas.hidden = false;
      }
    };
    draw();
    const stops = [animation.subscribe(draw), generation.subscribe(draw), player.subscribe(draw)];
    return () => {
      ended = true;
      for (const stop of stops) stop();
    };
  }, [animation, generation, pictures, player]);
  return (
    <canvas
      ref={ref}
      className={`${stageStyles['canvas'] ?? ''} ${styles['onion'] ?? ''}`}
      hidden
      aria-hidden
    />
  );
}

function show(canvas: HTMLCanvasElement, picture: Picture): void {
  showScene(canvas, { picture, width: picture.width, height: picture.height });
}

/** Position of the frame before the one on the stage, 0 being the start picture; null if none is to be shown. */
function positionBefore({ generation, player }: Pick<Stores, 'generation' | 'player'>): number | null {
  const { compared, following, playing, position } = player.getState();
  if (playing || compared !== null) return null;
  // On the stage is the next frame, which has no position yet.
  if (following && generation.getState().run?.preview) return position;
  return position > 0 ? position - 1 : null;
}

function pictureInMemory(
  { animation, pictures }: Pick<Stores, 'animation' | 'pictures'>,
  position: number,
): Picture | null {
  const { project, start, frames } = animation.getState();
  if (position === 0) return start?.picture ?? null;
  const frame = frames.at(position - 1);
  return project && frame ? pictures.peek(project.id, frame.id) : null;
}
