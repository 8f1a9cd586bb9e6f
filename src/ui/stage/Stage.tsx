import { useEffect, useRef } from 'react';
import { classes } from '../shared/classes.ts';
import { useSelect, useStores } from '../shared/stores.ts';
import { FirstVisit } from './FirstVisit.tsx';
import { paint, sceneOf } from './paint.ts';
import styles from './Stage.module.css';

/** The picture in the middle of the page. */
export function Stage() {
  const { animation, projects } = useStores();
  const hasStart = useSelect(animation, ({ start }) => start !== null);
  const reading = useSelect(animation, (state) => state.reading);
  const reopening = useSelect(projects, (state) => state.reopening);
  return (
    <section className={classes(styles['stage'], hasStart && styles['square'])} aria-label="Stage">
      {hasStart ? <Screen /> : !reopening && <FirstVisit />}
      {reading && <p className={styles['reading']}>Reading…</p>}
    </section>
  );
}

/** Draws outside React: pictures change up to 60 times a second, and nothing but the canvas has to know. */
function Screen() {
  const { animation, generation, player } = useStores();
  const ref = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    let shown: object | null = null;
    const draw = () => {
      const scene = sceneOf({ animation, generation, player });
      if (!scene || !ref.current || scene.picture === shown) return;
      shown = scene.picture;
      paint(ref.current, scene);
    };
    draw();
    const stops = [animation.subscribe(draw), generation.subscribe(draw), player.subscribe(draw)];
    return () => {
      for (const stop of stops) stop();
    };
  }, [animation, generation, player]);
  return <canvas ref={ref} className={styles['canvas']} role="img" aria-label="The picture on the stage" />;
}
