import { useEffect, useId, useRef } from 'react';
import type { ReactNode } from 'react';
import { helpOf } from '../../project/index.ts';
import { fieldOf } from '../../store/index.ts';
import type { FieldKey } from '../../store/index.ts';
import { Button } from '../shared/Button.tsx';
import { classes } from '../shared/classes.ts';
import { useSelect, useStores } from '../shared/stores.ts';
import { FieldPicture } from './FieldPicture.tsx';
import { FieldWords } from './FieldWords.tsx';
import styles from './NumberField.module.css';

/**
 * Number field of a setting, with label, help and validation message. `children` are placed inside the field, at its
 * end.
 */
export function NumberField({ name, children }: { readonly name: FieldKey; readonly children?: ReactNode }) {
  const { settings } = useStores();
  const setting = fieldOf(name);
  const { label, minimum, maximum, step } = setting;
  const help = helpOf(
    setting,
    useSelect(settings, ({ values }) => values.mode),
  );
  // Until the model says its defaults, only what the user set is known.
  const text = useSelect(
    settings,
    ({ changed, drafts, values, waiting }) =>
      drafts[name] ?? (waiting && changed[name] === undefined ? '' : String(values[name])),
  );
  const waiting = useSelect(settings, (state) => state.waiting);
  const problem = useSelect(settings, (state) => state.problems[name]);
  const field = useRef<HTMLDivElement>(null);
  const input = useRef<HTMLInputElement>(null);
  const id = useId();
  const turn = useSelect(settings, ({ attention }) => (attention?.key === name ? attention.turn : 0));
  useEffect(() => {
    if (turn === 0) return;
    // The whole field, because the validation message is below the input.
    field.current?.scrollIntoView({ block: 'nearest' });
    input.current?.focus({ preventScroll: true });
  }, [turn]);

  return (
    <div ref={field} className={classes(styles['field'], problem && styles['wrong'])}>
      <FieldWords
        id={id}
        name={name === 'seed' ? undefined : name}
        label={label}
        help={help}
        picture={<FieldPicture name={name} />}
      />
      <div className={styles['entry']}>
        {children}
        <input
          id={id}
          ref={input}
          type="number"
          inputMode="decimal"
          min={minimum}
          max={maximum}
          step={step}
          value={text}
          placeholder={waiting ? '…' : undefined}
          aria-invalid={problem ? true : undefined}
          aria-describedby={classes(`${id}-help`, problem && `${id}-problem`)}
          onChange={({ target }) => {
            settings.edit(name, target.value);
          }}
          onBlur={() => {
            settings.commit(name);
          }}
          onKeyDown={({ key }) => {
            if (key === 'Enter') settings.commit(name);
          }}
        />
      </div>
      {problem && (
        <div className={styles['problem']}>
          <p id={`${id}-problem`}>{problem.message}</p>
          {problem.suggestions.map((suggestion) => (
            <Button
              key={suggestion}
              look={['small']}
              onClick={() => {
                settings.set({ [name]: suggestion });
                input.current?.focus();
              }}
            >
              Use {suggestion}
            </Button>
          ))}
        </div>
      )}
    </div>
  );
}
