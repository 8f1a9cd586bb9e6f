import { RotateCcw } from 'lucide-react';
import type { SettingsState } from '../../store/index.ts';
import { useSelect, useStores } from '../shared/stores.ts';
import styles from './PutBack.module.css';

/** Key of a setting that has a default from the recipe or the model. */
export type ComparedKey = Exclude<keyof SettingsState['values'], 'mode' | 'seed'>;

/**
 * Button that marks a field whose value differs from the recipe's, and restores that value. Renders nothing if they are
 * equal.
 */
export function PutBack({
  name,
  label,
  field,
}: {
  readonly name: ComparedKey;
  /** Label of the field. */
  readonly label: string;
  /** Id of the control, which receives the focus because the button disappears when it is pressed. */
  readonly field: string;
}) {
  const { settings } = useStores();
  const differs = useSelect(settings, ({ values, byRecipe }) => values[name] !== byRecipe[name]);
  if (!differs) return null;
  return (
    <button
      type="button"
      className={styles['back']}
      title={`Differs from the recipe: put ${label} back`}
      onClick={() => {
        settings.set({ [name]: settings.getState().byRecipe[name] });
        document.getElementById(field)?.focus();
      }}
    >
      <RotateCcw size={12} strokeWidth={2.5} aria-hidden />
      <span className="hidden-text">Put {label} back</span>
    </button>
  );
}
