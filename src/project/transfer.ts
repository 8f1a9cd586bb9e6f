import type { CreateOutput } from '../formats/index.ts';
import { openArchive, writeArchive } from './archive.ts';
import type { ArchiveControl } from './archive.ts';
import type { ProjectDatabase, ProjectRecord } from './database.ts';
import { treeOf } from './document.ts';
import type { ProjectDocument } from './document.ts';
import type { ProjectFiles } from './files.ts';
import { fileOf, frameFile, startFile } from './picture-files.ts';
import type { HeldPicture } from './picture-source.ts';
import type { PlayOrder } from './play-order.ts';
import { lostPictureError, lostStartError } from './project-errors.ts';
import { startId } from './tree.ts';

/** Copying, exporting and importing whole projects. */

/** A project as it is in the page's memory, with the pictures that are not on disk. */
export interface CurrentProject {
  readonly document: ProjectDocument;
  readonly pictures: readonly HeldPicture[];
}

export type TransferControl = ArchiveControl;

/** Storage of projects: picture files and database. */
export interface ProjectStorage {
  readonly files: ProjectFiles;
  readonly db: ProjectDatabase;
}

type ProjectWithOrder = Omit<ProjectRecord, 'order'> & { readonly order?: PlayOrder | null | undefined };

/** Builds the document of a project from its records. */
export function documentOfRecord(
  { name, created, start, settings, leaf, order }: ProjectWithOrder,
  frames: ProjectDocument['frames'],
): ProjectDocument {
  return { name, created, start, settings, leaf, ...(order && { order: [...order] }), frames };
}

/**
 * Copies a project's files, then its records. Lost frames are lost in the copy, too; opening it reports them.
 *
 * @throws ProjectError `project-gone`, or `project-damaged` if its records are damaged or its start picture is lost
 */
export async function copyProject(
  { files, db }: ProjectStorage,
  {
    id,
    copy,
    name,
    now,
  }: { readonly id: string; readonly copy: string; readonly name: string; readonly now: string },
  signal: AbortSignal,
): Promise<void> {
  const { record, frames } = await db.read(id);
  const names = new Set([record.startFile, record.originalFile ?? record.startFile]);
  for (const frame of frames) names.add(frameFile(frame.id));
  for (const file of names) {
    signal.throwIfAborted();
    const bytes = await files.read(id, file);
    if (bytes) await files.write(copy, file, bytes);
    else if (file === record.startFile) throw lostStartError(id, file);
  }
  await db.put({ ...record, id: copy, name, created: now, changed: now, deleted: null }, frames);
}

/**
 * Writes a project as a `.drift` file, one picture in memory at a time.
 *
 * @param records reads the project's records; called at most once, when they are needed
 * @param current the project in the page's memory, which may be newer than the one on disk
 * @throws ProjectError `project-gone`, `project-damaged` or `picture-lost`
 */
export async function exportProject(
  { files, createOutput }: { readonly files: ProjectFiles; readonly createOutput: CreateOutput },
  records: () => ReturnType<ProjectDatabase['read']>,
  id: string,
  current: CurrentProject | null,
  control: TransferControl,
): Promise<Blob> {
  // A project that could not be stored has no records; it can be exported if all its pictures are in memory.
  let reading: ReturnType<ProjectDatabase['read']> | undefined;
  const kept = () => (reading ??= records());
  const inMemory = new Map(current?.pictures.map(({ id: frame, png }) => [frame, png]));
  const readDocument = async () => {
    const { record, frames } = await kept();
    return documentOfRecord(record, frames);
  };
  const document = current ? current.document : await readDocument();
  return writeArchive(
    document,
    async (wanted) => {
      const held = inMemory.get(wanted);
      if (held) return new Uint8Array(await held.arrayBuffer());
      const name = wanted === startId ? fileOf((await kept()).record, wanted) : frameFile(wanted);
      const file = await files.read(id, name);
      if (!file) throw lostPictureError(wanted);
      return new Uint8Array(await file.arrayBuffer());
    },
    createOutput,
    control,
  );
}

/**
 * Imports a `.drift` file as a project: pictures first, then the records, after everything has been validated.
 *
 * @throws what `openArchive` and `Archive.picture` throw
 */
export async function importProject(
  { files, db }: ProjectStorage,
  { file, id, now }: { readonly file: Blob; readonly id: string; readonly now: string },
  { signal, onProgress }: TransferControl,
): Promise<void> {
  const archive = await openArchive(file, signal);
  const { frames, ...rest } = archive.document;
  const ids = [startId, ...frames.map((frame) => frame.id)];
  for (const [done, picture] of ids.entries()) {
    signal.throwIfAborted();
    onProgress({ done, of: ids.length });
    // Store the original bytes, now that they are known to decode: that keeps metadata that other programs added.
    const { png } = await archive.picture(picture);
    await files.write(id, picture === startId ? startFile(1) : frameFile(picture), png);
  }
  const names = { startFile: startFile(1), originalFile: null, nextId: treeOf(archive.document).nextId };
  await db.put({ ...rest, ...names, id, changed: now, deleted: null }, frames);
  onProgress({ done: ids.length, of: ids.length });
}
