import { useId } from 'react';
import { useSelect, useStores } from '../shared/stores.ts';
import { Toggle } from '../shared/Toggle.tsx';
import styles from './ModelsDialog.module.css';

/** Switch for low memory, for models that do not fit into GPU memory as a whole. */
export function LowMemory() {
  const { model, preferences } = useStores();
  const lowMemory = useSelect(preferences, (state) => state.lowMemory);
  const loading = useSelect(model, ({ status }) => status === 'loading');
  const [id, help] = [useId(), useId()];
  return (
    <div className={styles['option']}>
      <div>
        <label htmlFor={id} className={styles['name']}>
          Low memory
        </label>
        <p id={help} className={styles['note']}>
          For large models: holds the networks of one step at a time. Slower.
          {loading && ' Loading the model…'}
        </p>
      </div>
      <Toggle id={id} describedBy={help} checked={lowMemory} onChange={model.setLowMemory} />
    </div>
  );
}
