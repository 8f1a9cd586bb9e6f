/** Licence stated by a repository; untrusted text, shortened to plain characters. */
export interface CardLicence {
  /** Licence name, or the hub's short identifier; null if not stated. */
  readonly name: string | null;
  /** URL, or path in the repository; null if not stated. */
  readonly link: string | null;
}

/** Number of bytes of README.md that are read; front matter takes some hundred. */
export const longestCard = 2 ** 16;

const longestName = 200;
const longestLink = 1000;

/**
 * Reads the licence from the front matter of a model's README.md: the YAML keys `license`, `license_name` and
 * `license_link` with single-line values or lists of them. Everything else is ignored.
 */
export function parseModelCard(text: string): CardLicence {
  const front = /^\uFEFF?---[ \t]*\r?\n([\s\S]*?)\r?\n---[ \t]*(?:\r?\n|$)/.exec(text)?.[1] ?? '';
  const lines = front.split(/\r?\n/);
  const value = (key: string, longest: number): string | null => {
    const at = lines.findIndex((line) => line.startsWith(`${key}:`));
    if (at < 0) return null;
    const own = scalar(lines[at]?.slice(key.length + 1) ?? '');
    const words = own === '' ? listBelow(lines, at).join(', ') : own.startsWith('[') ? listIn(own) : own;
    // Multi-line and structured values start with one of these.
    if (words === '' || /^[|>{&*!]/.test(words)) return null;
    // Do not split a surrogate pair.
    return words.slice(0, longest).replace(/[\uD800-\uDBFF]$/, '');
  };
  const name = value('license', longestName);
  // "other" means that the name is in `license_name`.
  const named = name === null || name === 'other' ? value('license_name', longestName) : null;
  return { name: named ?? name, link: value('license_link', longestLink) };
}

/** A YAML scalar without quotes, comments and control characters. */
function scalar(text: string): string {
  const trimmed = text.trim();
  const quoted = /^(?:"((?:[^"\\]|\\.)*)"|'((?:[^']|'')*)')/.exec(trimmed);
  const bare = quoted ? (quoted[1] ?? quoted[2] ?? '') : trimmed.replace(/(?:^|\s)#.*$/, '');
  return bare.replace(/[\p{C}\p{Z}]+/gu, ' ').trim();
}

/** Items `- a`, `- b` on the lines below a key. */
function listBelow(lines: readonly string[], at: number): string[] {
  const end = lines.findIndex((line, index) => index > at && !/^\s*-\s/.test(line));
  return lines.slice(at + 1, end < 0 ? undefined : end).map((line) => scalar(line.replace(/^\s*-\s/, '')));
}

/** Converts `[a, b]` to `a, b`. */
function listIn(text: string): string {
  return text
    .replace(/^\[|\]$/g, '')
    .split(',')
    .map(scalar)
    .filter((word) => word !== '')
    .join(', ');
}
