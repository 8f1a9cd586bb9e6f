import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const declaration =
  /^(?<exported>export )?(?:abstract |async )?(?<kind>class|interface|type|const|function\*?) (?<name>\w+)/gm;

function sources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.tsx?$/.test(path) && !path.endsWith('.d.ts'))
    .map((path) => join(folder, path));
}

/** Declarations of types, classes, functions and exported constants by name. Overloads count once. */
function declarations() {
  const found = new Map<string, Map<string, { readonly isLocal: boolean }>>();
  for (const file of [...sources('src'), ...sources('workers')]) {
    for (const { groups = {} } of readFileSync(file, 'utf8').matchAll(declaration)) {
      const { exported, kind = '', name = '' } = groups;
      const isLocal = exported === undefined && kind.startsWith('function');
      // Constants that are not exported may have any name.
      if (exported === undefined && kind === 'const') continue;
      const files = found.get(name) ?? new Map<string, { readonly isLocal: boolean }>();
      found.set(name, files.set(file, { isLocal }));
    }
  }
  return found;
}

it('exported names, types and classes are unique across modules; only local helper functions may repeat', () => {
  const found = declarations();
  expect(found.size).toBeGreaterThan(1000);
  const doubled = [...found].flatMap(([name, files]) => {
    const isClear = files.size === 1 || [...files.values()].every(({ isLocal }) => isLocal);
    return isClear ? [] : [`${name}: ${[...files.keys()].join(', ')}`];
  });
  expect(doubled).toEqual([]);
});

/** Names that a term of the glossary in ARCHITECTURE.md has replaced, or that did not say what they name. */
const replaced =
  `Bell Cut Kept Lasting LateFiles Look ModelPlace Pace Past Placed PlacedTile Reel RoomWatch RoundAhead
  Sent Site Sums Waiting Work keeping lineOf makeRoom measureRoom moment openPlace persevering retrace storing toward
  workOf`.split(/\s+/);

it('names that were replaced do not come back', () => {
  const found = declarations();
  expect(replaced.filter((name) => found.has(name))).toEqual([]);
});
