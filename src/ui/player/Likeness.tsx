import { useState } from 'react';
import type { Frame, Frames } from '../../store/index.ts';
import { classes } from '../shared/classes.ts';
import { useSelect, useStores } from '../shared/stores.ts';
import { Curve, sharedRange } from './curve.ts';
import styles from './Likeness.module.css';
import { usePeek } from './usePeek.ts';

type Measure = (frame: Frame) => number | null;

/** Measures that are plotted. Curves of one group are comparable and share a vertical scale. */
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

/** A measure with the SVG path of its curve. */
interface DrawnCurve {
  readonly name: string;
  readonly words: string;
  readonly help: string;
  readonly of: Measure;
  readonly path: string;
}

/** The curves of an animation. Appended frames are added incrementally; any other change rebuilds the curves. */
class Curves {
  #frames: Frames | null = null;
  #curves = groups.map((group) => group.map(() => new Curve()));
  #drawn: readonly DrawnCurve[] = [];

  of(frames: Frames): readonly DrawnCurve[] {
    if (frames === this.#frames) return this.#drawn;
    const isLonger = this.#frames !== null && frames.extends(this.#frames);
    if (!isLonger) this.#curves = groups.map((group) => group.map(() => new Curve()));
    const known = isLonger ? (this.#frames?.length ?? 0) : 0;
    for (const frame of frames.slice(known)) {
      for (const [g, group] of groups.entries()) {
        for (const [m, { of }] of group.entries()) this.#curves[g]?.[m]?.push(of(frame));
      }
    }
    this.#frames = frames;
    this.#drawn = groups.flatMap((group, g) => {
      const curves = this.#curves[g] ?? [];
      const range = sharedRange(curves);
      // Without frames all measures of the group are listed, so that the legend does not move when the first frame
      // arrives.
      if (!range) return frames.length === 0 ? group.map((measure) => ({ ...measure, path: '' })) : [];
      return group.flatMap((measure, m) => {
        const curve = curves[m];
        return curve?.range ? [{ ...measure, path: curve.path(range) }] : [];
      });
    });
    return this.#drawn;
  }
}

/** Cosine similarity of each frame to the prompts and to other frames, as curves over the animation. */
export function Likeness() {
  const stores = useStores();
  const { animation, player, preferences } = stores;
  const wanted = useSelect(preferences, ({ insight }) => insight);
  const hasStart = useSelect(animation, ({ start }) => start !== null);
  const frames = useSelect(animation, (state) => state.frames);
  const position = useSelect(player, (state) => state.position);
  const peek = usePeek(stores);

  const [all] = useState(() => new Curves());
  const curves = all.of(frames);

  if (!wanted || !hasStart) return null;
  const shown = Math.max(0, position - 1);
  const marker = (100 * shown) / Math.max(1, frames.length - 1);
  const frame = frames.at(shown);
  const values = curves.map(({ name, words, help, of }) => {
    const value = (frame ? of(frame) : null)?.toFixed(2).replace('-', '−') ?? '–';
    return { name, words, help, value };
  });
  const empty = frames.length === 0;
  return (
    <div className={styles['likeness']}>
      <div
        // Arrow keys are handled by the page's keyboard shortcuts.
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
