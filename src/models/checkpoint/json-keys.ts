/**
 * Finds the first duplicate key in a JSON object, or null. `JSON.parse` silently keeps the last, and another reader may
 * keep the first: two programs would see different models in one file. Checks the outermost object and its immediate
 * children, which are all that Drift reads.
 *
 * @param json Text that `JSON.parse` accepts.
 */
export function duplicateKey(json: string): string | null {
  const outer = new Set<string>();
  let inner = new Set<string>();
  let depth = 0;
  // In valid JSON, a string followed by a colon is a key.
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
      // Compare decoded keys: "a" and "\u0061" are equal.
      const key = String(JSON.parse(json.slice(start, at + 1)));
      const keys = depth === 1 ? outer : inner;
      if (keys.has(key)) return key;
      keys.add(key);
    }
  }
  return null;
}

/** Index of the closing quote of the string that starts at `start`. */
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
