import { useMemo } from 'react';
import { classes } from '../shared/classes.ts';
import { useSelect, useStores } from '../shared/stores.ts';
import { curvePath, sharedRange } from './curve.ts';
import type { Series } from './curve.ts';
import styles from './Likeness.module.css';

/** How like each frame is to the prompts and to the frame before, as curves over the whole animation. */
export function Likeness() {
  const { animation, player } = useStores();
  const hasStart = useSelect(animation, ({ start }) => start !== null);
  const frames = useSelect(animation, (state) => state.frames);
  const position = useSelect(player, (state) => state.position);

  const curves = useMemo(() => {
    const positives: Series = frames.map(({ insight }) => insight?.positivesAfter ?? null);
    const negatives: Series = frames.map(({ insight }) => insight?.negativesAfter ?? null);
    const before: Series = frames.map(({ insight }) => insight?.guidance ?? null);
    // The two kinds of prompts are there to be compared with each other; the frame before is another measure.
    const prompts = sharedRange([positives, negatives]);
    const own = sharedRange([before]);
    return [
      { name: 'positive', words: 'positive prompts', series: positives, range: prompts },
      { name: 'negative', words: 'negative prompts', series: negatives, range: prompts },
      { name: 'before', words: 'the frame before', series: before, range: own },
    ].flatMap(({ name, words, series, range }) => {
      const path = range ? curvePath(series, range) : '';
      // Before the first frame all are listed, so that nothing moves when it comes.
      return range || frames.length === 0 ? [{ name, words, series, path }] : [];
    });
  }, [frames]);

  if (!hasStart) return null;
  const shown = Math.max(0, position - 1);
  const marker = (100 * shown) / Math.max(1, frames.length - 1);
  return (
    <div className={styles['likeness']}>
      <svg viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden className={styles['field']}>
        {position > 0 && <line x1={marker} x2={marker} y1="0" y2="100" className={styles['marker']} />}
        {curves.map(({ name, path }) => (
          <path key={name} d={path} className={classes(styles['curve'], styles[name])} />
        ))}
      </svg>
      <dl className={styles['legend']}>
        <div>Likeness to</div>
        {curves.map(({ name, words, series }) => (
          <div key={name} className={styles[name]}>
            <dt>{words}</dt>
            <dd>{series[shown]?.toFixed(2).replace('-', '−') ?? '–'}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
