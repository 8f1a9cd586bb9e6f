import { useId } from 'react';
import { classes } from '../shared/classes.ts';
import { FieldWords } from './FieldWords.tsx';
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
      <FieldWords id={id} label={label} help={help} brief={brief} />
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
