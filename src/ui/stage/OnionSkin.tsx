import { useEffect, useRef } from 'react';
import { useStores } from '../shared/stores.ts';
import { followFrameBefore } from './frameBefore.ts';
import { showScene } from './paint.ts';
import stageStyles from './Stage.module.css';
import styles from './StageTools.module.css';

/** The frame before the picture on the stage, shown through it. Not while playing, or comparing with another picture. */
export function OnionSkin() {
  const stores = useStores();
  const ref = useRef<HTMLCanvasElement>(null);
  useEffect(
    () =>
      followFrameBefore(stores, (picture) => {
        const { current: canvas } = ref;
        if (!canvas) return;
        canvas.hidden = picture === null;
        if (picture) showScene(canvas, { picture, width: picture.width, height: picture.height });
      }),
    [stores],
  );
  return (
    <canvas
      ref={ref}
      className={`${stageStyles['canvas'] ?? ''} ${styles['onion'] ?? ''}`}
      hidden
      aria-hidden
    />
  );
}
