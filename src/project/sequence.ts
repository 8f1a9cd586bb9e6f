/** A range of numbers that are missing from a sequence, both ends included. */
export interface Gap {
  readonly first: number;
  readonly last: number;
}

/** Result of `sequenceOf`. */
export interface Sequence {
  /** Indices into the given list, in sorted order. */
  readonly order: readonly number[];
  /** Gaps between the smallest and the largest number; empty unless the names differ only in their last number. */
  readonly missing: readonly Gap[];
}

/**
 * Sorts file names in natural order (`2` before `10`), folder by folder, and finds gaps in their numbering.
 */
export function sequenceOf(names: readonly string[]): Sequence {
  // Made here and not for the module, since the first use of Intl delays the start of a page noticeably.
  const natural = new Intl.Collator('en', { numeric: true });
  const order = names
    .map((name, index) => ({ name, index }))
    .sort((a, b) => natural.compare(a.name, b.name) || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
    .map(({ index }) => index);
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

/**
 * Computes the frame size for a picture: sides are multiples of `multiple` from 64 to 2048 pixels, with the picture's
 * proportions as far as that allows. Pictures are not enlarged, except to the minimum.
 */
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
