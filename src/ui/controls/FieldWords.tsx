import styles from './NumberField.module.css';

/** The words of a field: its label, and what it does in one line. The line is `${id}-help`, to describe the control by. */
export function FieldWords({
  id,
  label,
  help,
  brief,
}: {
  /** Of the control. */
  readonly id: string;
  readonly label: string;
  readonly help: string;
  readonly brief: string;
}) {
  return (
    <div className={styles['words']}>
      <label htmlFor={id}>{label}</label>
      <p className={styles['brief']} aria-hidden>
        {brief}
      </p>
      <p id={`${id}-help`} className={styles['help']}>
        {help}
      </p>
    </div>
  );
}
