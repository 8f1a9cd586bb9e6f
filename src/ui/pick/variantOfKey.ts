/** Elements that need number keys themselves. */
const typing = ['input', 'textarea', 'select'];

/**
 * The variant that a key takes, from 0, or null.
 *
 * @param tag - the focused element's tag, in small letters
 */
export function variantOfKey(key: string, tag: string): number | null {
  return /^[1-9]$/.test(key) && !typing.includes(tag) ? Number(key) - 1 : null;
}
