import { useId } from 'react';
import { classes } from '../shared/classes.ts';
import styles from './NumberField.module.css';

/** One of a few, with its name and what it does in one line. */
export function ChoiceField<V extends string>({
  label,
  help,
  brief,
  options,
  value,
  onChange,
}: {
  readonly label: string;
  readonly help: string;
  readonly brief: string;
  readonly options: readonly { readonly value: V; readonly label: string }[];
  readonly value: V;
  readonly onChange: (value: V) => void;
}) {
  const id = useId();
  return (
    <div className={classes(styles['field'], styles['long'])}>
      <div className={styles['words']}>
        <label htmlFor={id}>{label}</label>
        <p className={styles['brief']} aria-hidden>
          {brief}
        </p>
        <p id={`${id}-help`} className={styles['help']}>
          {help}
        </p>
      </div>
      <div className={styles['entry']}>
        <select
          id={id}
          value={value}
          aria-describedby={`${id}-help`}
          onChange={({ target }) => {
            const chosen = options.find((option) => option.value === target.value);
            if (chosen) onChange(chosen.value);
          }}
        >
          {options.map((option) => (
            <option key={option.value} value={option.value}>
              {option.label}
            </option>
          ))}
        </select>
      </div>
    </div>
  );
}
