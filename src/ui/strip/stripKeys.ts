import type { Stores } from '../../store/index.ts';
import { createStripEdits } from '../../store/strip-edits.ts';

/** A key pressed in the film strip; `isCommand` is Ctrl or Command. */
export interface StripKey {
  readonly key: string;
  readonly altKey: boolean;
  readonly isCommand: boolean;
}

/** Edits the film strip by keyboard; loaded lazily with the first such key. */
export function pressStripKey(stores: Stores, { key, altKey, isCommand }: StripKey): void {
  const edits = createStripEdits(stores);
  const { selection, player } = stores;
  switch (key) {
    case 'Delete':
    case 'Backspace':
      edits.remove();
      return;
    case 'Escape':
      selection.clear();
      return;
    case 'ArrowLeft':
    case 'ArrowRight':
      if (altKey) edits.moveBy(key === 'ArrowLeft' ? -1 : 1);
      return;
    case 'a':
      if (isCommand) edits.selectAll();
      return;
    case 'd':
      if (isCommand) edits.duplicate();
      return;
    case ' ': {
      const { position } = player.getState();
      if (isCommand && position > 0) selection.toggle(position);
    }
  }
}
