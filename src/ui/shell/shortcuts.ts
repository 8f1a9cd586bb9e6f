/** What decides whether the focused element uses a key itself. */
export interface KeyTarget {
  /** Tag name in lower case. */
  readonly tag: string;
  readonly role: string | null;
  /** Whether the element takes text or a choice, so that Escape is left to it. */
  readonly isText: boolean;
}

/** Selector of fields that take text or a choice. */
export const textFields =
  'textarea, select, input:not([type=range], [type=radio], [type=checkbox], [type=file])';

/** Tags of elements that use the keys themselves. */
const typing = ['input', 'textarea', 'select'];
/** Tags of elements that Space activates. */
const pressing = ['button', 'summary', 'a'];

/** Command of a key, given the focused element; null if the element uses the key or nothing is bound to it. */
export function commandFor(key: string, { tag, role, isText }: KeyTarget): 'play' | 'stop' | 'step' | null {
  if (key === 'Escape') return isText ? null : 'stop';
  if (typing.includes(tag) || role === 'tab') return null;
  if (key === ' ') return pressing.includes(tag) ? null : 'play';
  return stepFor(key, 1) === null ? null : 'step';
}

/** Undo or redo command of a key with modifiers; null in text fields, where the browser's undo applies. */
export function historyCommandFor(
  {
    key,
    ctrlKey,
    metaKey,
    shiftKey,
    altKey,
  }: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'shiftKey' | 'altKey'>,
  { isText }: Pick<KeyTarget, 'isText'>,
): 'undo' | 'redo' | null {
  // Either Ctrl or Command, without AltGr, which Windows reports as Ctrl and Alt.
  if (isText || altKey || ctrlKey === metaKey) return null;
  const letter = key.toLowerCase();
  if (letter === 'z') return shiftKey ? 'redo' : 'undo';
  return letter === 'y' && ctrlKey && !shiftKey ? 'redo' : null;
}

/** Number of frames by which a key moves the position, in an animation of `frames` frames; null if it does not. */
export function stepFor(key: string, frames: number): number | null {
  switch (key) {
    case 'ArrowLeft':
      return -1;
    case 'ArrowRight':
      return 1;
    case 'Home':
      return -frames;
    case 'End':
      return frames;
    default:
      return null;
  }
}
