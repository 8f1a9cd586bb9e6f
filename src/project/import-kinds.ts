import { sequenceOf } from './sequence.ts';
import type { Gap } from './sequence.ts';

/** Kind of an imported file, by its name; `hidden` are the files that operating systems add, such as `.DS_Store`. */
export type FileKind = 'project' | 'archive' | 'picture' | 'video' | 'other' | 'hidden';

const systemFile = /^(\..*|__macosx|thumbs\.db|desktop\.ini)$/i;

/** Includes formats that browsers cannot decode, so that an error names such files instead of ignoring them. */
const pictureEnding =
  /\.(a?png|jpe?g|jpe|jfif|pjpe?g|pjp|webp|avif|gif|bmp|dib|hei[cf]|hif|tiff?|jxl|jp2|psd|svg)$/i;

const videoEnding = /\.(mp4|m4v|mov|webm|mkv)$/i;

/**
 * Classifies a file by its name.
 *
 * @param type MIME type; empty if the browser does not know it
 */
export function fileKind(name: string, type = ''): FileKind {
  if (partsOf(name).some((part) => systemFile.test(part))) return 'hidden';
  if (/\.drift$/i.test(name)) return 'project';
  if (/\.zip$/i.test(name)) return 'archive';
  if (type.startsWith('image/') || pictureEnding.test(name)) return 'picture';
  return type.startsWith('video/') || videoEnding.test(name) ? 'video' : 'other';
}

/**
 * Finds the project in an archive: the folder, with its slash, that holds `project.json` and `start.png`. '' is the
 * root; a top-level folder comes from programs that archive a folder as a whole. Null if the archive is no project.
 *
 * @param names names of the archive's entries
 */
export function projectFolder(names: readonly string[]): string | null {
  const all = new Set(names);
  const folders = ['', ...new Set(names.map((name) => `${name.split('/')[0] ?? ''}/`))];
  return folders.find((at) => all.has(`${at}project.json`) && all.has(`${at}start.png`)) ?? null;
}

/** Pictures that are not used as frames: all pictures of a folder, or a single one. */
export interface LeftOut {
  readonly name: string;
  /** Indices into the list that was given to `pickFrames`. */
  readonly indices: readonly number[];
}

/** Result of `pickFrames`. */
export interface PickedFrames {
  /** Indices of the frames into the given list, in the order of the animation. */
  readonly order: readonly number[];
  readonly missing: readonly Gap[];
  readonly leftOut: readonly LeftOut[];
}

/**
 * Finds the frames of an animation among pictures: those at the least folder depth. If most of them form a numbered
 * sequence, pictures outside of it are left out (a cover, or an animation made from the frames).
 *
 * @param names paths of pictures
 */
export function pickFrames(names: readonly string[]): PickedFrames {
  const pictures = names.map((name, index) => {
    const parts = partsOf(name);
    return { name: parts.join('/'), base: parts.at(-1) ?? name, folder: parts.slice(0, -1), index };
  });
  const depth = pictures.reduce((least, { folder }) => Math.min(least, folder.length), Infinity);
  const upper = pictures.filter(({ folder }) => folder.length === depth);
  const inRow = isInRow(upper);
  const frames = upper.filter(inRow);
  const alone = upper.filter((picture) => !inRow(picture));
  const below = grouped(
    pictures.filter(({ folder }) => folder.length > depth),
    ({ folder }) => folder.slice(0, depth + 1).join('/'),
  );
  const { order, missing } = sequenceOf(frames.map(({ name }) => name));
  return {
    order: order.flatMap((index) => frames[index]?.index ?? []),
    missing,
    leftOut: [
      ...alone.map(({ base, index }) => ({ name: base, indices: [index] })),
      ...[...below].map(([folder, inside]) => ({
        name: folder.split('/').at(-1) ?? folder,
        indices: inside.map(({ index }) => index),
      })),
    ],
  };
}

interface Based {
  readonly base: string;
}

/**
 * Returns the predicate that selects numbered pictures if one numbered sequence has more than half of all pictures; a
 * sequence has at least two. If there is no such majority, the predicate selects all pictures.
 */
function isInRow(pictures: readonly Based[]): (picture: Based) => boolean {
  const rows = grouped(pictures, ({ base }) => rowOf(base));
  const longest = [...rows].reduce(
    (most, [row, { length }]) => (row === null ? most : Math.max(most, length)),
    0,
  );
  const isClear = longest > 1 && 2 * longest > pictures.length;
  return ({ base }) => !isClear || (rows.get(rowOf(base))?.length ?? 0) > 1;
}

function grouped<T, K>(items: readonly T[], keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}

/** The part of a name before its last number, which identifies a sequence; null if the name has no number. */
function rowOf(base: string): string | null {
  return /^(.*?)\d+\D*$/s.exec(base.replace(/\.[^.]*$/, ''))?.[1] ?? null;
}

/** Splits a path. Some archives made on Windows use backslashes. */
function partsOf(name: string): string[] {
  return name.split(/[\\/]/).filter((part) => part !== '' && part !== '.');
}
