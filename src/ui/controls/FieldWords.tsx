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
}: {
  /** Id of the control. */
  readonly id: string;
  /** Key of the setting, if it is one that can differ from the recipe. */
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
