import { Suspense, useEffect, useRef } from 'react';
import { classes } from '../shared/classes.ts';
import { lazyPart } from '../shared/lazyPart.tsx';
import { useSelect, useStores } from '../shared/stores.ts';
import { FirstVisit } from './FirstVisit.tsx';
import { sceneOf, showScene } from './paint.ts';
import styles from './Stage.module.css';

// The tools are for a picture, which the first visit does not have.
const StageTools = lazyPart(
  async () => (await import('./StageTools.tsx')).StageTools,
  () => null,
);

/** The large picture in the middle of the page, or the empty state. */
export function Stage() {
  const { animation, projects } = useStores();
  const ref = useRef<HTMLElement>(null);
  const hasStart = useSelect(animation, ({ start }) => start !== null);
  const reading = useSelect(animation, (state) => state.reading);
  const reopening = useSelect(projects, (state) => state.reopening);
  return (
    <section
      ref={ref}
      className={classes(styles['stage'], hasStart && styles['square'])}
      aria-label="Stage"
      data-started={hasStart || undefined}
    >
      {hasStart ? <Screen /> : !reopening && <FirstVisit />}
      {hasStart && (
        <Suspense>
          <StageTools stage={ref} />
        </Suspense>
      )}
      {reading && <p className={styles['reading']}>Reading…</p>}
    </section>
  );
}

/** Canvas of the stage. Draws outside React, because pictures change up to 60 times a second. */
function Screen() {
  const { animation, generation, notices, pictures, player } = useStores();
  const ref = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    let shown: object | null = null;
    let ended = false;
    let reading = false;
    const draw = () => {
      const scene = sceneOf({ animation, generation, pictures, player });
      if (!scene || !ref.current) return;
      if ('position' in scene) {
        void read(scene.position);
        return;
      }
      if (scene.picture === shown) return;
      shown = scene.picture;
      showScene(ref.current, scene);
    };
    // The previous picture stays until the next one is read. Only one is read at a time: on a slow disk, requests would
    // otherwise pile up for positions that playback has passed.
    const read = async (position: number) => {
      if (reading) return;
      reading = true;
      const before = shown;
      const { edition } = animation.getState();
      try {
        const picture = await animation.pictureAt(position);
        if (ended) return;
        // Playback may have passed this position: a late picture is still better than none, unless a newer one is
        // shown.
        if (ref.current && shown === before && edition === animation.getState().edition) {
          shown = picture;
          showScene(ref.current, { picture, width: picture.width, height: picture.height });
        }
      } catch (error) {
        if (ended) return;
        const { compared, position: current } = player.getState();
        if ((compared ?? current) === position) {
          notices.error(error, { topic: 'stage' });
          return;
        }
      } finally {
        reading = false;
      }
      draw();
    };
    draw();
    const stops = [animation.subscribe(draw), generation.subscribe(draw), player.subscribe(draw)];
    return () => {
      ended = true;
      for (const stop of stops) stop();
    };
  }, [animation, generation, notices, pictures, player]);
  return <canvas ref={ref} className={styles['canvas']} role="img" aria-label="The picture on the stage" />;
}
