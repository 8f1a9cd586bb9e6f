import { useMemo } from 'react';
import type { Frame } from '../../store/index.ts';
import { classes } from '../shared/classes.ts';
import { useSelect, useStores } from '../shared/stores.ts';
import { curvePath, sharedRange } from './curve.ts';
import type { Series } from './curve.ts';
import styles from './Likeness.module.css';
import { usePeek } from './usePeek.ts';

type Measure = (frame: Frame) => number | null;

/** What curves are drawn of. Those of one group share a scale: they are there to be compared with each other. */
const groups: readonly (readonly { name: string; words: string; help: string; of: Measure }[])[] = [
  [
    {
      name: 'positive',
      words: 'positive prompts',
      help: 'Of what guidance made the frame of',
      of: ({ insight }) => insight?.positivesAfter ?? null,
    },
    {
      name: 'negative',
      words: 'negative prompts',
      help: 'Of what guidance made the frame of',
      of: ({ insight }) => insight?.negativesAfter ?? null,
    },
  ],
  [
    {
      name: 'predecessor',
      words: 'frame before',
      help: 'Of the finished pictures',
      of: ({ insight }) => insight?.predecessor ?? null,
    },
    {
      name: 'start',
      words: 'start',
      help: 'Of the finished pictures',
      of: ({ insight }) => insight?.start ?? null,
    },
  ],
  [
    {
      name: 'guidance',
      words: 'before guidance',
      help: 'How little guidance changed: 1.00 is not at all',
      of: ({ insight }) => insight?.guidance ?? null,
    },
  ],
];

/** How like each frame is to the prompts and to other frames, as curves over the whole animation. */
export function Likeness() {
  const stores = useStores();
  const { animation, player } = stores;
  const hasStart = useSelect(animation, ({ start }) => start !== null);
  const frames = useSelect(animation, (state) => state.frames);
  const position = useSelect(player, (state) => state.position);
  const peek = usePeek(stores);

  const curves = useMemo(
    () =>
      groups.flatMap((group) => {
        const measured = group.map(({ of, ...curve }) => {
          const series: Series = frames.map(of);
          return { ...curve, series };
        });
        const range = sharedRange(measured.map(({ series }) => series));
        // Before the first frame all are listed, so that nothing moves when it comes.
        if (!range) return frames.length === 0 ? measured.map((curve) => ({ ...curve, path: '' })) : [];
        return measured
          .filter(({ series }) => series.some((value) => value !== null))
          .map((curve) => ({ ...curve, path: curvePath(curve.series, range) }));
      }),
    [frames],
  );

  if (!hasStart) return null;
  const shown = Math.max(0, position - 1);
  const marker = (100 * shown) / Math.max(1, frames.length - 1);
  const values = curves.map(({ name, words, help, series }) => {
    const value = series[shown]?.toFixed(2).replace('-', '−') ?? '–';
    return { name, words, help, value };
  });
  const empty = frames.length === 0;
  return (
    <div className={styles['likeness']}>
      <div
        // Arrow keys go from frame to frame, as everywhere on the page.
        role="slider"
        tabIndex={empty ? -1 : 0}
        className={styles['field']}
        aria-label="Likeness of the frames"
        aria-disabled={empty || undefined}
        aria-valuemin={0}
        aria-valuemax={frames.length}
        aria-valuenow={position}
        aria-valuetext={
          position === 0
            ? 'Start picture'
            : [`Frame ${position}`, ...values.map(({ words, value }) => `${words} ${value}`)].join(', ')
        }
        {...peek}
      >
        <svg viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden>
          {position > 0 && <line x1={marker} x2={marker} y1="0" y2="100" className={styles['marker']} />}
          {curves.map(({ name, path }) => (
            <path key={name} d={path} className={classes(styles['curve'], styles[name])} />
          ))}
        </svg>
      </div>
      <dl className={styles['legend']}>
        <div>Likeness to</div>
        {values.map(({ name, words, help, value }) => (
          <div key={name} className={styles[name]} title={help}>
            <dt>{words}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
