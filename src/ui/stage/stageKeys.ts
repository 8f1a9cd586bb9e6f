import type { KeyTarget } from '../shell/shortcuts.ts';

export type StageCommand = 'in' | 'out' | 'whole' | 'onion';

/** Command of a key for the view of the stage; null in text fields and with modifiers, where the key means something else. */
export function stageCommandOf(
  {
    key,
    ctrlKey,
    metaKey,
    altKey,
    repeat,
  }: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey' | 'repeat'>,
  { isText }: Pick<KeyTarget, 'isText'>,
): StageCommand | null {
  if (isText || ctrlKey || metaKey || altKey) return null;
  switch (key) {
    case '+':
    // The same key without Shift, on most keyboards.
    case '=':
      return 'in';
    case '-':
      return 'out';
    case '0':
      return 'whole';
    case 'o':
    case 'O':
      // Held down, it would flicker.
      return repeat ? null : 'onion';
    default:
      return null;
  }
}
