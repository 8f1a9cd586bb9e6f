import { useId } from 'react';
import { classes } from '../shared/classes.ts';
import { useSelect, useStores } from '../shared/stores.ts';
import styles from './FitField.module.css';

const fits = [
  { value: 'crop', label: 'Crop', help: 'Cut what does not fit' },
  { value: 'stretch', label: 'Stretch', help: 'Squeeze it into shape' },
] as const;

/** How the start picture is brought into the shape of a frame. */
export function FitField() {
  const { preferences } = useStores();
  const fit = useSelect(preferences, (state) => state.fit);
  const group = useId();
  return (
    <fieldset className={styles['fit']}>
      <legend>Fit of the start picture</legend>
      <div className={styles['options']}>
        {fits.map(({ value, label, help }) => (
          <label key={value} title={help} className={classes(fit === value && styles['chosen'])}>
            <input
              type="radio"
              name={group}
              value={value}
              checked={fit === value}
              onChange={() => {
                preferences.setState({ fit: value });
              }}
            />
            {label}
          </label>
        ))}
      </div>
    </fieldset>
  );
}
