import { RotateCcw } from 'lucide-react';
import type { SettingsState } from '../../store/index.ts';
import { useSelect, useStores } from '../shared/stores.ts';
import styles from './PutBack.module.css';

/** A setting that a recipe, or the model, has a value for. */
export type ComparedKey = Exclude<keyof SettingsState['values'], 'mode' | 'seed'>;

/** Marks a field whose value differs from the recipe's, and puts it back. Nothing where they are the same. */
export function PutBack({
  name,
  label,
  field,
}: {
  readonly name: ComparedKey;
  /** What the field is called. */
  readonly label: string;
  /** The id of the control, which gets the focus as this button goes. */
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
