import { useId } from 'react';
import type { LoadedModel, PromptKey } from '../../store/index.ts';
import { useSelect, useStores } from '../shared/stores.ts';
import { FieldWords } from './FieldWords.tsx';
import fieldStyles from './NumberField.module.css';
import styles from './Prompts.module.css';

const fields: readonly { key: PromptKey; label: string; help: string; side: 'positive' | 'negative' }[] = [
  {
    key: 'positivePrompts',
    label: 'Positive prompts',
    help: 'What frames are pulled toward. A bar | stands between two prompts.',
    side: 'positive',
  },
  {
    key: 'negativePrompts',
    label: 'Negative prompts',
    help: 'What frames are pushed away from.',
    side: 'negative',
  },
];

/** Explanation shown when the model accepts no prompts from the user; empty otherwise. */
function sentence(prompts: LoadedModel['prompts'] | undefined): string {
  switch (prompts) {
    case 'fixed':
      return 'This model brings its own prompts, and no others can be used with it.';
    case 'none':
      return 'This model works without prompts.';
    case 'text':
    case undefined:
      return '';
  }
}

/** Fields of the positive and negative prompts. */
export function Prompts() {
  const { model } = useStores();
  const loaded = useSelect(model, (state) => state.model);
  const hint = sentence(loaded?.prompts);
  const hintId = useId();
  return (
    <div className={styles['prompts']}>
      {hint && (
        <p id={hintId} className={styles['hint']}>
          {hint}
        </p>
      )}
      {fields.map(({ key, label, help, side }) => (
        <PromptField key={key} name={key} label={label} help={help} side={side} hintId={hint ? hintId : ''} />
      ))}
    </div>
  );
}

function PromptField({
  name,
  label,
  help,
  side,
  hintId,
}: {
  readonly name: PromptKey;
  readonly label: string;
  readonly help: string;
  readonly side: 'positive' | 'negative';
  readonly hintId: string;
}) {
  const { model, settings } = useStores();
  const loaded = useSelect(model, (state) => state.model);
  const own = useSelect(settings, ({ changed, values, waiting }) =>
    waiting && changed[name] === undefined ? '' : values[name],
  );
  const waiting = useSelect(settings, (state) => state.waiting);
  const id = useId();
  const free = !loaded || loaded.prompts === 'text';
  const text = free ? own : loaded.fixedPrompts[side].join('|');
  return (
    <div className={fieldStyles['field']}>
      {free ? (
        <FieldWords id={id} name={name} label={label} help={help} />
      ) : (
        <label htmlFor={id}>{label}</label>
      )}
      <textarea
        className={styles['text']}
        id={id}
        rows={2}
        maxLength={10_000}
        spellCheck={false}
        value={text}
        placeholder={waiting ? '…' : undefined}
        readOnly={loaded?.prompts === 'fixed'}
        disabled={loaded?.prompts === 'none'}
        aria-describedby={free ? `${id}-help` : hintId}
        onChange={({ target }) => {
          settings.setPrompts(name, target.value);
        }}
        onBlur={() => {
          settings.commit(name);
        }}
      />
    </div>
  );
}
