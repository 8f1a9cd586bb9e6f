/** Tags of elements that use number keys themselves. */
const typing = ['input', 'textarea', 'select'];

/**
 * Index of the candidate, from 0, that a key picks; null if none.
 *
 * @param tag - tag name of the focused element, in lower case
 */
export function variantOfKey(key: string, tag: string): number | null {
  return /^[1-9]$/.test(key) && !typing.includes(tag) ? Number(key) - 1 : null;
}
