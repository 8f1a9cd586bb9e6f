import { useEffect, useRef, useState } from 'react';
import { RadioField } from '../controls/RadioField.tsx';
import { classes } from '../shared/classes.ts';
import { useSelect, useStores } from '../shared/stores.ts';
import { frameTicks, ticks } from './curve.ts';
import styles from './Likeness.module.css';
import { GroupCurves, groupOf, measureGroups } from './measures.ts';
import type { DrawnCurves } from './measures.ts';
import { usePeek } from './usePeek.ts';

/** Chart of the cosine similarity of each frame to the prompts, to other frames, or before and after guidance. */
export function Likeness() {
  const { animation, preferences } = useStores();
  const wanted = useSelect(preferences, ({ insight }) => insight);
  const chosen = useSelect(preferences, ({ insightOf }) => insightOf);
  const hasStart = useSelect(animation, ({ start }) => start !== null);
  const frames = useSelect(animation, (state) => state.frames);
  const [curves] = useState(
    () => new Map(measureGroups.map((group) => [group.value, new GroupCurves(group)])),
  );

  const section = useRef<HTMLElement>(null);
  const wasWanted = useRef(wanted);
  useEffect(() => {
    // On small screens it opens below the fold; a page that opens with it does not scroll.
    if (wanted && !wasWanted.current) section.current?.scrollIntoView({ block: 'start' });
    wasWanted.current = wanted;
  }, [wanted]);

  if (!wanted || !hasStart) return null;
  const group = groupOf(chosen);
  const drawn = curves.get(chosen)?.of(frames) ?? { range: null, curves: [] };
  return (
    <section ref={section} className={styles['likeness']} aria-label="Insight">
      <div className={styles['choice']}>
        <RadioField
          label="Likeness"
          help={group.help}
          options={measureGroups}
          value={chosen}
          onChange={(insightOf) => {
            preferences.setState({ insightOf });
          }}
        />
      </div>
      <Chart drawn={drawn} of={frames.length} />
    </section>
  );
}

/** Position in the chart, in percent. */
interface Point {
  readonly x: number;
  readonly y: number;
}

/** The curves with their axes, and the values of the frame on the stage. */
function Chart({ drawn, of }: { readonly drawn: DrawnCurves; readonly of: number }) {
  const stores = useStores();
  const { animation, player } = stores;
  const position = useSelect(player, (state) => state.position);
  const peek = usePeek(stores);
  const { range, curves } = drawn;
  const empty = of === 0;
  const shown = position > 0 ? animation.getState().frames.at(position - 1) : undefined;
  const x = (100 * Math.max(0, position - 1)) / Math.max(1, of - 1);
  const values = curves.map(({ name, label, of: measure }) => {
    const value = shown ? measure(shown) : null;
    const point: Point | null = value === null || !range ? null : { x, y: heightOf(value, range) };
    return { name, label, value: value === null ? '–' : decimal(value, 2), point };
  });
  return (
    <div className={styles['chart']}>
      <dl className={styles['legend']}>
        {values.map(({ name, label, value }) => (
          <div key={name} className={styles[name]}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <div className={styles['plot']}>
        {range && <ValueAxis range={range} />}
        <div
          // Arrow keys are handled by the page's keyboard shortcuts.
          role="slider"
          tabIndex={empty ? -1 : 0}
          className={styles['field']}
          aria-label="Likeness of the frames"
          aria-disabled={empty || undefined}
          aria-valuemin={0}
          aria-valuemax={of}
          aria-valuenow={position}
          aria-valuetext={
            position === 0
              ? 'Start picture'
              : [`Frame ${position}`, ...values.map(({ label, value }) => `${label} ${value}`)].join(', ')
          }
          {...peek}
        >
          <svg viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden>
            {range &&
              ticks(range, mostTicks).values.map((tick) => {
                const y = heightOf(tick, range);
                return <line key={tick} x1="0" x2="100" y1={y} y2={y} className={styles['grid']} />;
              })}
            {shown && <line x1={x} x2={x} y1="0" y2="100" className={styles['cursor']} />}
            {curves.map(({ name, path }) => (
              <path key={name} d={path} className={classes(styles['curve'], styles[name])} />
            ))}
            {values.map(
              ({ name, point }) =>
                point && (
                  // A line without length: its round caps keep their shape where the picture is stretched.
                  <path
                    key={name}
                    d={`M${point.x} ${point.y}h0`}
                    className={classes(styles['dot'], styles[name])}
                  />
                ),
            )}
          </svg>
          {empty && <p className={styles['note']}>The curves begin with the first frame.</p>}
          {!empty && !range && <p className={styles['note']}>Not measured for these frames.</p>}
        </div>
        <FrameAxis frames={of} shown={shown ? { number: position, x } : null} />
      </div>
    </div>
  );
}

/** Maximum number of labels on the vertical axis. */
const mostTicks = 5;

function ValueAxis({ range }: { readonly range: NonNullable<DrawnCurves['range']> }) {
  const { values, decimals } = ticks(range, mostTicks);
  return (
    <div className={styles['values']} aria-hidden>
      {values.map((value) => (
        <span key={value} style={{ top: `${heightOf(value, range)}%` }}>
          {decimal(value, decimals)}
        </span>
      ))}
    </div>
  );
}

/** Frame numbers below the curves; that of the frame on the stage stands out. */
function FrameAxis({
  frames,
  shown,
}: {
  readonly frames: number;
  readonly shown: { readonly number: number; readonly x: number } | null;
}) {
  return (
    <div className={styles['numbers']} aria-hidden>
      {frameTicks(frames, 6).map((number) => (
        <span key={number} style={{ left: `${(100 * (number - 1)) / Math.max(1, frames - 1)}%` }}>
          {number}
        </span>
      ))}
      {shown && (
        <span className={styles['current']} style={{ left: `${shown.x}%` }}>
          Frame {shown.number}
        </span>
      )}
    </div>
  );
}

/** Distance of a value from the top of the chart, in percent. */
function heightOf(value: number, { low, high }: NonNullable<DrawnCurves['range']>): number {
  return 100 * (1 - (value - low) / (high - low));
}

function decimal(value: number, decimals: number): string {
  return value.toFixed(decimals).replace('-', '−');
}
