import { ProjectError } from '../base/index.ts';
import type { Picture } from '../base/index.ts';
import { encodePng, longestPng } from '../formats/index.ts';
import type { PictureSize } from '../formats/index.ts';
import type { ProjectDatabase, ProjectRecord, RetiredFile } from './database.ts';
import type { ProjectFiles } from './files.ts';
import { decodeFramePng } from './png.ts';
import { startId } from './tree.ts';

/** Retired files, and deleted projects, are removed this long after, in milliseconds. */
export const graceTime = 60 * 60 * 1000;

export function frameFile(id: number): string {
  return `${String(id).padStart(7, '0')}.png`;
}

/** The start picture's file: each cut of it has an edition of its own, since a file is never rewritten. */
export function startFile(edition: number): string {
  return `start-${edition}.png`;
}

export function fileOf(record: Pick<ProjectRecord, 'startFile'>, id: number): string {
  return id === startId ? record.startFile : frameFile(id);
}

/**
 * The picture files of projects: written before a record names them, retired when none does any more, and removed once
 * neither an undo nor another tab can want them.
 */
export class PictureFiles {
  readonly #files: ProjectFiles;
  readonly #now: () => Date;
  /** Files that this session retired: they stay as long as it lives, since its undo may bring them back. */
  readonly #retiredHere = new Set<string>();

  constructor(files: ProjectFiles, now: () => Date) {
    this.#files = files;
    this.#now = now;
  }

  /** Writes another cut of the start picture. Returns what it is called. */
  async writeStart(project: string, before: string | null, picture: Picture): Promise<string> {
    const name = startFile(1 + Number(/\d+/.exec(before ?? '')?.[0] ?? 0));
    await this.#files.write(project, name, encodePng(picture));
    return name;
  }

  /** Writes the file that the start picture is cut from. Returns what it is called. */
  async writeOriginal(project: string, original: Blob): Promise<string> {
    await this.#files.write(project, 'original-1', original);
    return 'original-1';
  }

  /** A picture, or null when its file is missing or damaged. */
  async read(record: ProjectRecord, id: number, { width, height }: PictureSize): Promise<Picture | null> {
    const name = fileOf(record, id);
    const file = await this.#files.read(record.id, name);
    if (!file || file.size > longestPng({ width, height })) return null;
    try {
      return decodeFramePng(new Uint8Array(await file.arrayBuffer()), { width, height }, name);
    } catch (error) {
      if (error instanceof ProjectError) return null;
      throw error;
    }
  }

  /** Files to be retired with the change that takes their names out of the records. */
  retire(project: string, files: readonly string[]): RetiredFile[] {
    const since = this.#now().toISOString();
    for (const file of files) this.#retiredHere.add(`${project}/${file}`);
    return files.map((file) => ({ file, since }));
  }

  /**
   * Removes what a crash left half-made, and retired files whose time has come. The project's lock is held: nothing is
   * being written in it.
   */
  async sweep(db: ProjectDatabase, project: string): Promise<void> {
    const { record, frames } = await db.read(project);
    const oldest = new Date(this.#now().getTime() - graceTime).toISOString();
    const wanted = new Set([record.startFile, record.originalFile, ...frames.map(({ id }) => frameFile(id))]);
    const expired: string[] = [];
    for (const { file, since } of await db.retired(project)) {
      if (since >= oldest || this.#retiredHere.has(`${project}/${file}`)) wanted.add(file);
      else expired.push(file);
    }
    for (const file of await this.#files.list(project)) {
      if (!wanted.has(file)) await this.#files.remove(project, file);
    }
    if (expired.length > 0) await db.forget(project, expired);
  }
}
