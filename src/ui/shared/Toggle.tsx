import styles from './Toggle.module.css';

/** A switch, for a label to name by its `id`. */
export function Toggle({
  id,
  describedBy,
  checked,
  disabled = false,
  onChange,
}: {
  readonly id: string;
  /** The id of the line that says what it does. */
  readonly describedBy: string;
  readonly checked: boolean;
  readonly disabled?: boolean;
  readonly onChange: (checked: boolean) => void;
}) {
  return (
    <input
      type="checkbox"
      role="switch"
      id={id}
      className={styles['switch']}
      aria-describedby={describedBy}
      checked={checked}
      disabled={disabled}
      onChange={({ target }) => {
        onChange(target.checked);
      }}
    />
  );
}
