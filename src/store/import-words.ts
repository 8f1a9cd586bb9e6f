import type { Gap } from '../project/index.ts';
import type { Fit } from '../protocol/index.ts';

/** Result of reading pictures as frames: see `readFrames`. */
export interface ImportResult {
  readonly frames: readonly unknown[];
  readonly fitted: number;
  readonly missing: readonly Gap[];
}

/** A picture or an archive that could not be read. */
export interface BadFile {
  readonly name: string;
  readonly message: string;
}

/** Maximum number of items that a sentence lists; the others are counted. */
const mostTold = 8;

/** Describes the result of an import, in up to three sentences. */
export function importedWords({ frames, missing, fitted }: ImportResult, fit: Fit): string {
  const gaps = missing.map(({ first, last }) => (first === last ? String(first) : `${first}–${last}`));
  return [
    `${frames.length === 1 ? '1 picture' : `${frames.length} pictures`} became a project.`,
    gaps.length > 0 && `Missing numbers: ${listed(gaps)}.`,
    fitted > 0 &&
      `${fitted === 1 ? '1 had' : `${fitted} had`} another size than the first and ${fitted === 1 ? 'was' : 'were'} ${fit === 'crop' ? 'cropped' : 'stretched'} to it.`,
  ]
    .filter(Boolean)
    .join(' ');
}

/** Describes the import of an animation or a video as a project. */
export function movingWords(
  name: string,
  taken: number,
  { count, every }: { readonly count: number; readonly every: number },
): string {
  const thinned = `Of its ${count} frames, one in ${every} was taken: a project of an animation has at most 1,000.`;
  return `${taken === 1 ? '1 frame' : `${taken} frames`} of “${name}” became a project.${every > 1 ? ` ${thinned}` : ''}`;
}

/** Says what animations and videos were not imported as projects. */
export function framesWords(sets: readonly { readonly name: string }[]): string {
  const names = listed(sets.map(({ name }) => `“${name}”`));
  return sets.length === 1
    ? `${names} has more than one frame: they can become a project.`
    : `The frames of ${names} can become projects.`;
}

/** Lists the files that could not be read, with reasons; empty if there are none. */
export function badWords(bad: readonly BadFile[]): string {
  if (bad.length === 0) return '';
  const reasons = bad.map(({ name, message }) => `${name} (${message.replace(/\.$/, '')})`);
  return `${bad.length} could not be read: ${listed(reasons)}.`;
}

/** Lists the pictures that were left out although they could be read; empty if there are none. */
export function leftOutWords(
  sets: readonly { readonly name: string; readonly pictures: readonly unknown[] }[],
): string {
  if (sets.length === 0) return '';
  return `Left out: ${listed(sets.map(({ name, pictures }) => (pictures.length === 1 ? name : `${name} (${pictures.length} pictures)`)))}.`;
}

function listed(items: readonly string[]): string {
  return (
    items.slice(0, mostTold).join(', ') +
    (items.length > mostTold ? ` and ${items.length - mostTold} more` : '')
  );
}
