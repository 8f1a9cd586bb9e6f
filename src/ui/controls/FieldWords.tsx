import styles from './NumberField.module.css';
import { PutBack } from './PutBack.tsx';
import type { ComparedKey } from './PutBack.tsx';

/**
 * The words of a field: its label, and what it does in one line, which comes up while the field is used or pointed at.
 * The line is `${id}-help`, to describe the control by.
 */
export function FieldWords({
  id,
  name,
  label,
  help,
}: {
  /** Of the control. */
  readonly id: string;
  /** The setting, where it is one that can differ from the recipe. */
  readonly name?: ComparedKey | undefined;
  readonly label: string;
  readonly help: string;
}) {
  return (
    <div className={styles['words']}>
      <label htmlFor={id}>{label}</label>
      {name && <PutBack name={name} label={label} field={id} />}
      <p id={`${id}-help`} className={styles['help']}>
        {help}
      </p>
    </div>
  );
}
