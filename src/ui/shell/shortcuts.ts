/** The keys that work on the whole page, as the help lists them. */
export const shortcuts: readonly { keys: string; effect: string }[] = [
  { keys: 'Space', effect: 'Play or pause' },
  { keys: '← →', effect: 'One frame back or on' },
  { keys: 'Home, End', effect: 'To the start picture, to the last frame' },
  { keys: '1 … 9', effect: 'Take a variant, when you pick by hand' },
  { keys: 'Esc', effect: 'Stop making frames' },
  { keys: 'Ctrl Z', effect: 'Undo the last change' },
  { keys: 'Ctrl Shift Z, Ctrl Y', effect: 'Redo it' },
  { keys: 'Ctrl V', effect: 'Start from the picture that was copied' },
];

/** The element that has the focus, as far as keys are concerned. */
export interface KeyTarget {
  /** `button`, `input`, … in small letters. */
  readonly tag: string;
  readonly role: string | null;
  /** Text is typed into it: Escape there is about the text, or the list of a choice. */
  readonly isText: boolean;
}

/** Fields that text is typed into, as a selector. */
export const textFields =
  'textarea, select, input:not([type=range], [type=radio], [type=checkbox], [type=file])';

/** Elements that need the keys themselves. */
const typing = ['input', 'textarea', 'select'];
/** Elements that Space presses. */
const pressing = ['button', 'summary', 'a'];

/** What a key does, given where the focus is; null when it belongs to the focused element or does nothing. */
export function commandFor(key: string, { tag, role, isText }: KeyTarget): 'play' | 'stop' | 'step' | null {
  if (key === 'Escape') return isText ? null : 'stop';
  if (typing.includes(tag) || role === 'tab') return null;
  if (key === ' ') return pressing.includes(tag) ? null : 'play';
  return stepFor(key, 1) === null ? null : 'step';
}

/** What a key with its modifiers does to the history; null in fields for text, which have an undo of their own. */
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
  // One of Ctrl and Command, and no AltGr, which Windows reports as Ctrl and Alt.
  if (isText || altKey || ctrlKey === metaKey) return null;
  const letter = key.toLowerCase();
  if (letter === 'z') return shiftKey ? 'redo' : 'undo';
  return letter === 'y' && ctrlKey && !shiftKey ? 'redo' : null;
}

/** How far a key moves through an animation of so many frames; null when it does not. */
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
