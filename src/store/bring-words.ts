import type { Gap } from '../project/index.ts';
import type { Fit } from '../protocol/index.ts';

/** What became of pictures: see `readFrames`. */
export interface Brought {
  readonly frames: readonly unknown[];
  readonly fitted: number;
  readonly missing: readonly Gap[];
}

/** A picture or an archive that could not be read. */
export interface BadFile {
  readonly name: string;
  readonly message: string;
}

/** So many names, numbers or reasons are told; more would bury the rest. */
const mostTold = 8;

/** What was brought in, in a few sentences. */
export function broughtWords({ frames, missing, fitted }: Brought, fit: Fit): string {
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

/** What could not be read, and why; empty when there is nothing. */
export function badWords(bad: readonly BadFile[]): string {
  if (bad.length === 0) return '';
  const reasons = bad.map(({ name, message }) => `${name} (${message.replace(/\.$/, '')})`);
  return `${bad.length} could not be read: ${listed(reasons)}.`;
}

/** What was not taken in although it could be; empty when there is nothing. */
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
