import { useId } from 'react';
import { Toggle } from '../shared/Toggle.tsx';
import styles from './ExportDialog.module.css';
import type { NumberDraft } from './useDraft.ts';

/** Number input with label, help and validation message. */
export function NumberEntry({
  words: { label, help },
  draft: { text, problem, edit },
  step,
  disabled = false,
}: {
  readonly words: { readonly label: string; readonly help: string };
  readonly draft: NumberDraft;
  readonly step: number;
  readonly disabled?: boolean;
}) {
  const id = useId();
  return (
    <div className={styles['entry']}>
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        type="number"
        inputMode="decimal"
        step={step}
        value={text}
        disabled={disabled}
        aria-invalid={problem === null ? undefined : true}
        aria-describedby={`${id}-help`}
        onChange={({ target }) => {
          edit(target.value);
        }}
      />
      <p id={`${id}-help`} className={problem === null ? styles['help'] : styles['problem']}>
        {problem ?? help}
      </p>
    </div>
  );
}

/** On/off switch with label and help. */
export function SwitchEntry({
  label,
  help,
  checked,
  onChange,
  disabled = false,
}: {
  readonly label: string;
  readonly help: string;
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
  readonly disabled?: boolean;
}) {
  const id = useId();
  return (
    <div className={styles['switch']}>
      <Toggle id={id} describedBy={`${id}-help`} checked={checked} disabled={disabled} onChange={onChange} />
      <div>
        <label htmlFor={id}>{label}</label>
        <p id={`${id}-help`} className={styles['help']}>
          {help}
        </p>
      </div>
    </div>
  );
}

/** Drop-down with a label. */
export function ChoiceEntry<V extends string>({
  label,
  value,
  choices,
  onChange,
  disabled = false,
}: {
  readonly label: string;
  readonly value: V;
  readonly choices: readonly (readonly [V, string])[];
  readonly onChange: (value: V) => void;
  readonly disabled?: boolean;
}) {
  const id = useId();
  return (
    <div className={styles['entry']}>
      <label htmlFor={id}>{label}</label>
      <select
        id={id}
        value={value}
        disabled={disabled}
        onChange={({ target }) => {
          const chosen = choices.find(([choice]) => choice === target.value);
          if (chosen) onChange(chosen[0]);
        }}
      >
        {choices.map(([choice, text]) => (
          <option key={choice} value={choice}>
            {text}
          </option>
        ))}
      </select>
    </div>
  );
}
