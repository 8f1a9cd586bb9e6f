import { Redo2, Undo2 } from 'lucide-react';
import { Button } from '../shared/Button.tsx';
import { useSelect, useStores } from '../shared/stores.ts';
import { historyWords } from '../shared/words.ts';
import styles from './UndoButtons.module.css';

const directions = [
  { direction: 'undo', label: 'Undo', keys: 'Ctrl Z', Icon: Undo2 },
  { direction: 'redo', label: 'Redo', keys: 'Ctrl Shift Z', Icon: Redo2 },
] as const;

/** Undo and Redo. The tooltip names what is undone, or why nothing can be. */
export function UndoButtons() {
  const { history, generation } = useStores();
  const entries = useSelect(history, (state) => state);
  const running = useSelect(generation, ({ run }) => run !== null);
  return (
    <div className={styles['buttons']} role="group" aria-label="History">
      {directions.map(({ direction, label, keys, Icon }) => {
        const { usable, words } = historyWords(direction, entries[direction], running);
        return (
          <Button
            key={direction}
            look={['quiet', 'icon']}
            disabled={!usable}
            aria-label={label}
            title={usable ? `${words} (${keys})` : words}
            onClick={() => void history[direction]()}
          >
            <Icon size={20} aria-hidden />
          </Button>
        );
      })}
    </div>
  );
}
