/** What a repository says of its licence: words of strangers, made short and plain. */
export interface CardLicence {
  /** Its name, or the short one that the hub has for it; null where there is none. */
  readonly name: string | null;
  /** Where it can be read: an address, or a path in the repository; null where that is not said. */
  readonly link: string | null;
}

/** So much of a README.md is read: what is in front of its text takes some hundred bytes. */
export const longestCard = 2 ** 16;

const longestName = 200;
const longestLink = 1000;

/**
 * Reads the licence from the front matter of a model's README.md: of the YAML between its first lines of dashes, the
 * keys `license`, `license_name` and `license_link` with values of one line, or a list of such. Anything else is passed
 * over.
 */
export function parseModelCard(text: string): CardLicence {
  const front = /^\uFEFF?---[ \t]*\r?\n([\s\S]*?)\r?\n---[ \t]*(?:\r?\n|$)/.exec(text)?.[1] ?? '';
  const lines = front.split(/\r?\n/);
  const value = (key: string, longest: number): string | null => {
    const at = lines.findIndex((line) => line.startsWith(`${key}:`));
    if (at < 0) return null;
    const own = scalar(lines[at]?.slice(key.length + 1) ?? '');
    const words = own === '' ? listBelow(lines, at).join(', ') : own.startsWith('[') ? listIn(own) : own;
    // A value over several lines begins with one of these.
    if (words === '' || /^[|>{&*!]/.test(words)) return null;
    // Not in the middle of a character.
    return words.slice(0, longest).replace(/[\uD800-\uDBFF]$/, '');
  };
  const name = value('license', longestName);
  // "other" only says that the name is in another place.
  const named = name === null || name === 'other' ? value('license_name', longestName) : null;
  return { name: named ?? name, link: value('license_link', longestLink) };
}

/** A value without its quotes, comments and characters that cannot be seen. */
function scalar(text: string): string {
  const trimmed = text.trim();
  const quoted = /^(?:"((?:[^"\\]|\\.)*)"|'((?:[^']|'')*)')/.exec(trimmed);
  const bare = quoted ? (quoted[1] ?? quoted[2] ?? '') : trimmed.replace(/(?:^|\s)#.*$/, '');
  return bare.replace(/[\p{C}\p{Z}]+/gu, ' ').trim();
}

/** `- a` and `- b` in the lines below a key. */
function listBelow(lines: readonly string[], at: number): string[] {
  const end = lines.findIndex((line, index) => index > at && !/^\s*-\s/.test(line));
  return lines.slice(at + 1, end < 0 ? undefined : end).map((line) => scalar(line.replace(/^\s*-\s/, '')));
}

/** `[a, b]` as `a, b`. */
function listIn(text: string): string {
  return text
    .replace(/^\[|\]$/g, '')
    .split(',')
    .map(scalar)
    .filter((word) => word !== '')
    .join(', ');
}
