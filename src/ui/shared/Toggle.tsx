import styles from './Toggle.module.css';

/** Checkbox with the role `switch`. The label refers to it by `id`. */
export function Toggle({
  id,
  describedBy,
  checked,
  disabled = false,
  onChange,
}: {
  readonly id: string;
  /** Id of the help text. */
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
