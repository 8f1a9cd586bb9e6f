/**
 * The first key that occurs twice in one object, or null. `JSON.parse` keeps the last of them silently, and
 * another reader may keep the first: then two programs see two different models in one file. Looked at are the
 * outermost object and those right inside it; what lies deeper, Drift does not read.
 *
 * @param json text that `JSON.parse` has accepted
 */
export function duplicateKey(json: string): string | null {
  const outer = new Set<string>();
  let inner = new Set<string>();
  let depth = 0;
  // In valid JSON, a string followed by a colon is a key, and brackets outside strings open and close.
  for (let at = 0; at < json.length; at++) {
    const character = json[at];
    if (character === '{' || character === '[') {
      depth++;
      if (depth === 2) inner = new Set();
    } else if (character === '}' || character === ']') {
      depth--;
    } else if (character === '"') {
      const start = at;
      at = stringEnd(json, at);
      if (depth > 2 || !isKey(json, at + 1)) continue;
      // Two spellings of one key, such as "a" and "\u0061", are the same key.
      const key = String(JSON.parse(json.slice(start, at + 1)));
      const keys = depth === 1 ? outer : inner;
      if (keys.has(key)) return key;
      keys.add(key);
    }
  }
  return null;
}

/** Where the string that begins with the quote at `start` has its last quote. */
function stringEnd(json: string, start: number): number {
  let at = start + 1;
  while (at < json.length && json[at] !== '"') at += json[at] === '\\' ? 2 : 1;
  return at;
}

function isKey(json: string, after: number): boolean {
  let at = after;
  while (json[at] === ' ' || json[at] === '\n' || json[at] === '\t' || json[at] === '\r') at++;
  return json[at] === ':';
}
