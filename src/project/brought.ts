import { sequenceOf } from './sequence.ts';
import type { Gap } from './sequence.ts';

/** What a file is to Drift, by its name: `hidden` ones are those that systems leave among a user's files. */
export type FileKind = 'project' | 'archive' | 'picture' | 'other' | 'hidden';

const systemFile = /^(\..*|__macosx|thumbs\.db|desktop\.ini)$/i;

/** Kinds that browsers cannot decode are among them: those are to be named, not passed over. */
const pictureEnding =
  /\.(a?png|jpe?g|jpe|jfif|pjpe?g|pjp|webp|avif|gif|bmp|dib|hei[cf]|hif|tiff?|jxl|jp2|psd|svg)$/i;

/** @param type - MIME type, where the browser knows one */
export function fileKind(name: string, type = ''): FileKind {
  if (partsOf(name).some((part) => systemFile.test(part))) return 'hidden';
  if (/\.drift$/i.test(name)) return 'project';
  if (/\.zip$/i.test(name)) return 'archive';
  return type.startsWith('image/') || pictureEnding.test(name) ? 'picture' : 'other';
}

/**
 * The folder of an archive that is a project: '' for the archive itself, or the one folder that everything is in, as
 * programs pack it that pack a folder. Null for another archive.
 */
export function projectFolder(names: readonly string[]): string | null {
  const all = new Set(names);
  const folders = ['', ...new Set(names.map((name) => `${name.split('/')[0] ?? ''}/`))];
  return folders.find((at) => all.has(`${at}project.json`) && all.has(`${at}start.png`)) ?? null;
}

/** Pictures that are not taken as frames: those of a folder, or one by itself. */
export interface LeftOut {
  readonly name: string;
  /** Places in the list that was given. */
  readonly places: readonly number[];
}

export interface PickedFrames {
  /** Places in the list that was given, in the frames' order. */
  readonly order: readonly number[];
  readonly missing: readonly Gap[];
  readonly leftOut: readonly LeftOut[];
}

/**
 * Finds the frames of an animation among pictures: those of the uppermost folder that has any, without the ones that
 * have no number beside a numbered row (the animation that was made of them, a cover).
 *
 * @param names - paths of pictures
 */
export function pickFrames(names: readonly string[]): PickedFrames {
  const pictures = names.map((name, place) => {
    const parts = partsOf(name);
    return { name: parts.join('/'), base: parts.at(-1) ?? name, folder: parts.slice(0, -1), place };
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
    order: order.flatMap((index) => frames[index]?.place ?? []),
    missing,
    leftOut: [
      ...alone.map(({ base, place }) => ({ name: base, places: [place] })),
      ...[...below].map(([folder, inside]) => ({
        name: folder.split('/').at(-1) ?? folder,
        places: inside.map(({ place }) => place),
      })),
    ],
  };
}

interface Based {
  readonly base: string;
}

/** Whether a picture is part of the row that most of the pictures are; all are, where there is no such row. */
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

/** What stands before the last number of a name; null without a number. */
function rowOf(base: string): string | null {
  return /^(.*?)\d+\D*$/s.exec(base.replace(/\.[^.]*$/, ''))?.[1] ?? null;
}

/** The parts of a path; archives from Windows have been seen with its kind of slash. */
function partsOf(name: string): string[] {
  return name.split(/[\\/]/).filter((part) => part !== '' && part !== '.');
}
