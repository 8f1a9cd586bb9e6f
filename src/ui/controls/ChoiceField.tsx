import { useId } from 'react';
import type { ReactNode } from 'react';
import { classes } from '../shared/classes.ts';
import { FieldWords } from './FieldWords.tsx';
import type { ComparedKey } from './PutBack.tsx';
import styles from './NumberField.module.css';

/** Drop-down field: one option of a few, with a label and a line of help. */
export function ChoiceField<V extends string>({
  name,
  label,
  help,
  picture,
  options,
  value,
  onChange,
}: {
  /** Key of the setting, if it is one that can differ from the recipe. */
  readonly name?: ComparedKey;
  readonly label: string;
  readonly help: string;
  /** Picture below the help text. */
  readonly picture?: ReactNode;
  readonly options: readonly { readonly value: V; readonly label: string }[];
  readonly value: V;
  readonly onChange: (value: V) => void;
}) {
  const id = useId();
  return (
    <div className={classes(styles['field'], styles['long'])}>
      <FieldWords id={id} name={name} label={label} help={help} picture={picture} />
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
