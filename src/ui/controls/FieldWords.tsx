import type { ReactNode } from 'react';
import styles from './NumberField.module.css';
import { PutBack } from './PutBack.tsx';
import type { ComparedKey } from './PutBack.tsx';

/**
 * Label and help text of a field. The help is a popup, shown while the field has the focus or the pointer; its id is
 * `${id}-help`, for the control's `aria-describedby`.
 */
export function FieldWords({
  id,
  name,
  label,
  help,
  picture,
}: {
  /** Id of the control. */
  readonly id: string;
  /** Key of the setting, if it is one that can differ from the recipe. */
  readonly name?: ComparedKey | undefined;
  readonly label: string;
  readonly help: string;
  /** Picture below the text. */
  readonly picture?: ReactNode;
}) {
  return (
    <div className={styles['words']}>
      <label htmlFor={id}>{label}</label>
      {name && <PutBack name={name} label={label} field={id} />}
      <div className={styles['help']}>
        <p id={`${id}-help`}>{help}</p>
        {picture}
      </div>
    </div>
  );
}
