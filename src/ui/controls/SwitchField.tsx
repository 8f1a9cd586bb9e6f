import { useId } from 'react';
import { classes } from '../shared/classes.ts';
import { Toggle } from '../shared/Toggle.tsx';
import { FieldWords } from './FieldWords.tsx';
import type { ComparedKey } from './PutBack.tsx';
import styles from './NumberField.module.css';

/** On/off field with a label and a line of help. */
export function SwitchField({
  name,
  label,
  help,
  checked,
  disabled = false,
  onChange,
}: {
  /** Key of the setting, if it is one that can differ from the recipe. */
  readonly name?: ComparedKey;
  readonly label: string;
  readonly help: string;
  readonly checked: boolean;
  readonly disabled?: boolean;
  readonly onChange: (checked: boolean) => void;
}) {
  const id = useId();
  return (
    <div className={classes(styles['field'], styles['long'], styles['toggle'])}>
      <FieldWords id={id} name={name} label={label} help={help} />
      <div className={styles['entry']}>
        <Toggle
          id={id}
          describedBy={`${id}-help`}
          checked={checked}
          disabled={disabled}
          onChange={onChange}
        />
      </div>
    </div>
  );
}
