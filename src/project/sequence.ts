/** Numbers that are missing from a row, both ends included. */
export interface Gap {
  readonly first: number;
  readonly last: number;
}

export interface Sequence {
  /** Which names come first, as places in the list that was given. */
  readonly order: readonly number[];
  /** Between the smallest and the largest number, where all names differ in one number alone. */
  readonly missing: readonly Gap[];
}

const natural = new Intl.Collator('en', { numeric: true });

/**
 * Brings pictures into the order in which people number them: `2` before `10`, `0000009` before `0000010`, folder by
 * folder; and finds out which numbers are missing.
 */
export function sequenceOf(names: readonly string[]): Sequence {
  const order = names
    .map((name, place) => ({ name, place }))
    .sort((a, b) => natural.compare(a.name, b.name) || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
    .map(({ place }) => place);
  return { order, missing: gapsIn(names) };
}

function gapsIn(names: readonly string[]): Gap[] {
  const numbered = names.map((name) => /^(.*?)(\d+)(\D*)$/s.exec(name));
  const [first] = numbered;
  const isRow = numbered.every(
    (parts) => parts && first && parts[1] === first[1] && parts[3] === first[3] && parts[2] !== undefined,
  );
  if (!isRow) return [];
  const numbers = numbered.map((parts) => Number(parts?.[2])).sort((a, b) => a - b);
  return numbers.slice(1).flatMap((number, i) => {
    const before = numbers[i] ?? number;
    return number > before + 1 ? [{ first: before + 1, last: number - 1 }] : [];
  });
}

/** A picture's sides as those of a frame: multiples of `multiple` from 64 to 2048, in proportion as far as that goes. */
export function frameSizeFor(
  { width, height }: { readonly width: number; readonly height: number },
  multiple: number,
): { readonly width: number; readonly height: number } {
  const scale = Math.min(1, 2048 / Math.max(width, height));
  const smallest = Math.ceil(64 / multiple) * multiple;
  const largest = Math.floor(2048 / multiple) * multiple;
  const side = (length: number) =>
    Math.min(largest, Math.max(smallest, Math.round((scale * length) / multiple) * multiple));
  return { width: side(width), height: side(height) };
}
