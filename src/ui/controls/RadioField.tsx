import { useId } from 'react';
import styles from './RadioField.module.css';

/** Radio group with a label; the help line describes the selected option. */
export function RadioField<V extends string>({
  label,
  help,
  options,
  value,
  onChange,
}: {
  readonly label: string;
  readonly help: string;
  readonly options: readonly { readonly value: V; readonly label: string }[];
  readonly value: V;
  readonly onChange: (value: V) => void;
}) {
  const id = useId();
  return (
    <div
      className={styles['radios']}
      role="radiogroup"
      aria-labelledby={`${id}-label`}
      aria-describedby={`${id}-help`}
    >
      <span id={`${id}-label`} className={styles['label']}>
        {label}
      </span>
      <p id={`${id}-help`} className={styles['help']}>
        {help}
      </p>
      <div className={styles['options']}>
        {options.map((option) => (
          <label key={option.value} className={styles['option']}>
            <input
              type="radio"
              name={id}
              value={option.value}
              checked={option.value === value}
              onChange={() => {
                onChange(option.value);
              }}
            />
            <span>{option.label}</span>
          </label>
        ))}
      </div>
    </div>
  );
}
