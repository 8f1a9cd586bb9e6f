import { useId } from 'react';
import { classes } from '../shared/classes.ts';
import { Toggle } from '../shared/Toggle.tsx';
import { FieldWords } from './FieldWords.tsx';
import styles from './NumberField.module.css';

/** Something that is on or off, with its name and what it does in one line. */
export function SwitchField({
  label,
  help,
  brief,
  checked,
  onChange,
}: {
  readonly label: string;
  readonly help: string;
  readonly brief: string;
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
}) {
  const id = useId();
  return (
    <div className={classes(styles['field'], styles['long'], styles['toggle'])}>
      <FieldWords id={id} label={label} help={help} brief={brief} />
      <div className={styles['entry']}>
        <Toggle id={id} describedBy={`${id}-help`} checked={checked} onChange={onChange} />
      </div>
    </div>
  );
}
