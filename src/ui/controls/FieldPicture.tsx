import type { FieldKey } from '../../store/index.ts';
import { ease } from '../../project/index.ts';
import type { Easing } from '../../project/index.ts';
import { classes } from '../shared/classes.ts';
import styles from './FieldPicture.module.css';

/** Values of a setting of which there is a picture: fifth frames by the built-in model, cropped from docs/guide. */
const compared: Readonly<Partial<Record<FieldKey, readonly number[]>>> = {
  repeats: [0, 10, 20],
  guidanceScale: [1, 3, 8],
};

/** Picture in the help of a field that shows what its values do; nothing for most fields. Loaded when it is shown. */
export function FieldPicture({ name }: { readonly name: FieldKey }) {
  const values = compared[name];
  if (!values) return null;
  return (
    <span className={styles['compared']}>
      <span
        role="img"
        aria-label={`The fifth frame at ${values.slice(0, -1).join(', ')} and ${values.at(-1)}`}
        className={classes(styles['picture'], styles[name])}
      />
      {values.map((value) => (
        <span key={value} aria-hidden>
          {value}
        </span>
      ))}
    </span>
  );
}

const points = Array.from({ length: 25 }, (_, index) => index / 24);

/** Curve of an easing function: time to the right, change upward. Nothing for the one without a function. */
export function EasingPicture({ easing }: { readonly easing: Easing }) {
  if (easing === 'adaptive') return null;
  const line = points.map((t) => `${(4 + 92 * t).toFixed(1)},${(44 - 40 * ease(easing, t)).toFixed(1)}`);
  return (
    <svg viewBox="0 0 100 48" className={styles['curve']} role="img" aria-label="Change over time">
      <polyline points={line.join(' ')} />
    </svg>
  );
}
