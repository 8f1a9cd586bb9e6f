import { ProjectError } from '../base/index.ts';
import type { Picture } from '../base/index.ts';
import { encodePng, longestPng } from '../formats/index.ts';
import type { PictureSize } from '../formats/index.ts';
import type { ProjectDatabase, ProjectRecord, RetiredFile } from './database.ts';
import type { ProjectFiles } from './files.ts';
import { decodeFramePng } from './png.ts';
import { startId } from './tree.ts';

/** Milliseconds for which retired files and deleted projects are kept. */
export const graceTime = 60 * 60 * 1000;

/** File name of a frame's picture. */
export function frameFile(id: number): string {
  return `${String(id).padStart(7, '0')}.png`;
}

/** Names of the DOMExceptions for a file that was removed or changed since it was opened, or that cannot be read. */
const unreadable = new Set(['NotFoundError', 'NotReadableError']);

/** File name of the start picture. Files are not rewritten, so it has a new edition number each time it is fitted. */
export function startFile(edition: number): string {
  return `start-${edition}.png`;
}

/** File name of a picture by its id, that of the start picture included. */
export function fileOf(record: Pick<ProjectRecord, 'startFile'>, id: number): string {
  return id === startId ? record.startFile : frameFile(id);
}

/**
 * Manages the lifetime of picture files: written before a record refers to them, retired when no record does any more,
 * and removed when neither an undo nor another tab can need them.
 */
export class PictureFiles {
  readonly #files: ProjectFiles;
  readonly #now: () => Date;
  /** Files retired by this session; they are kept as long as it runs, since an undo may restore them. */
  readonly #retiredHere = new Set<string>();

  constructor(files: ProjectFiles, now: () => Date) {
    this.#files = files;
    this.#now = now;
  }

  /** Writes the start picture under the edition after that of file `before`. Returns the file name. */
  async writeStart(project: string, before: string | null, picture: Picture): Promise<string> {
    const name = startFile(1 + Number(/\d+/.exec(before ?? '')?.[0] ?? 0));
    await this.#files.write(project, name, encodePng(picture));
    return name;
  }

  /** Writes the start picture's original file. Returns the file name. */
  async writeOriginal(project: string, original: Blob): Promise<string> {
    await this.#files.write(project, 'original-1', original);
    return 'original-1';
  }

  /**
   * Reads the start picture's original file into memory, because the page may still need it after the project is purged.
   * Takes the fitted picture instead if the original is missing; returns null if that is missing too.
   */
  async readOriginal({ id, originalFile, startFile: fitted }: ProjectRecord): Promise<Blob | null> {
    return (originalFile && (await this.#copy(id, originalFile))) || this.#copy(id, fitted);
  }

  async #copy(project: string, name: string): Promise<Blob | null> {
    const file = await this.#files.read(project, name);
    try {
      return file && new Blob([await file.arrayBuffer()], { type: file.type });
    } catch (error) {
      if (error instanceof DOMException && unreadable.has(error.name)) return null;
      throw error;
    }
  }

  /** Reads and decodes a picture. Returns null if its file is missing, damaged or of another size. */
  async read(record: ProjectRecord, id: number, { width, height }: PictureSize): Promise<Picture | null> {
    const name = fileOf(record, id);
    const file = await this.#files.read(record.id, name);
    if (!file || file.size > longestPng({ width, height })) return null;
    try {
      return await decodeFramePng(new Uint8Array(await file.arrayBuffer()), { width, height }, name);
    } catch (error) {
      if (error instanceof ProjectError) return null;
      throw error;
    }
  }

  /** Entries to write in the same transaction as the records that no longer refer to `files`. */
  retire(project: string, files: readonly string[]): RetiredFile[] {
    const since = this.#now().toISOString();
    for (const file of files) this.#retiredHere.add(`${project}/${file}`);
    return files.map((file) => ({ file, since }));
  }

  /**
   * Removes orphans, left by a crash, and retired files after the grace period. The caller holds the project's lock, so
   * that no other tab is writing to it.
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
