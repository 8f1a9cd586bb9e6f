import { openDB } from 'idb';
import type { DBSchema, IDBPDatabase } from 'idb';
import * as v from 'valibot';
import { DriftError, ProjectError, isAbort } from '../base/index.ts';
import { frameNodeSchema, projectDocumentSchema } from './document.ts';
import type { FrameNode } from './tree.ts';

/** Schema of a project's record: its document without the frames, which are separate records. */
const recordSchema = v.object({
  ...v.omit(projectDocumentSchema, ['frames']).entries,
  id: v.pipe(v.string(), v.uuid()),
  changed: v.pipe(v.string(), v.isoTimestamp()),
  /** Time of deletion, or null; a deleted project can be restored until it is purged. */
  deleted: v.nullable(v.pipe(v.string(), v.isoTimestamp())),
  /** File name of the start picture, cropped or stretched to the frame size. */
  startFile: v.string(),
  /** File name of the start picture's original; null if it is not stored. */
  originalFile: v.nullable(v.string()),
  /** Smallest id that no frame has ever had. Records of early versions lack it. */
  nextId: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1)), 1),
});
export type ProjectRecord = v.InferOutput<typeof recordSchema>;

// Values may have been written by any version of Drift, so they are `unknown` until parsed.
interface Schema extends DBSchema {
  projects: { key: string; value: unknown };
  frames: { key: [project: string, frame: number]; value: unknown };
  retired: { key: [project: string, file: string]; value: unknown };
}

/** A file that no record refers to any more, kept for a while because an undo or another tab may still need it. */
export interface RetiredFile {
  readonly file: string;
  /** Time of retirement, ISO 8601. */
  readonly since: string;
}

/** Changes that are written in the same transaction as a project's record. */
export interface RecordChanges {
  /** Frames to add or restore. */
  readonly put?: readonly FrameNode[];
  /** Ids of frames to remove. */
  readonly remove?: readonly number[];
  /** Files that no record refers to after the change. */
  readonly retire?: readonly RetiredFile[];
  /** Retired files that a record refers to again. */
  readonly revive?: readonly string[];
}

/** Records of projects, frames and retired files in IndexedDB. Every change is one durable transaction. */
export interface ProjectDatabase {
  /** All records that are valid, in no particular order; damaged ones are skipped. */
  records(): Promise<ProjectRecord[]>;
  /** Ids of all records, valid or not. */
  ids(): Promise<string[]>;
  /** Number of a project's frames. */
  countFrames(id: string): Promise<number>;
  /**
   * Reads a project's record and frames in one transaction, so that they are consistent.
   *
   * @throws ProjectError `project-gone`, or `project-damaged` if they are not valid
   */
  read(id: string): Promise<{ record: ProjectRecord; frames: FrameNode[] }>;
  /** Writes a project with all of its frames, replacing everything stored under its id. */
  put(record: ProjectRecord, frames: readonly FrameNode[]): Promise<void>;
  /** Updates a record and what belongs to it. @throws ProjectError `project-gone` or `project-damaged` */
  change(
    id: string,
    change: (record: ProjectRecord) => ProjectRecord,
    changes?: RecordChanges,
  ): Promise<void>;
  /** Retired files of a project. */
  retired(id: string): Promise<RetiredFile[]>;
  /** Deletes the entries of retired files; call it after the files are removed. */
  forget(id: string, files: readonly string[]): Promise<void>;
  /** Deletes a project's record, its frames and its retired files' entries. */
  remove(id: string): Promise<void>;
  close(): void;
}

const retiredSchema = v.pipe(v.string(), v.isoTimestamp());

const version = 2;

/**
 * Opens the database, creating or upgrading it as needed. The connection closes when another tab needs to upgrade.
 *
 * @param onClosed called after the connection was closed for an upgrade or by the browser
 * @throws what the browser throws if it forbids storage
 */
export async function openDatabase(name: string, onClosed: () => void): Promise<ProjectDatabase> {
  const db: IDBPDatabase<Schema> = await openDB<Schema>(name, version, {
    upgrade(database, oldVersion) {
      if (oldVersion < 1) {
        database.createObjectStore('projects');
        database.createObjectStore('frames');
      }
      if (oldVersion < 2) database.createObjectStore('retired');
    },
    blocking: () => {
      db.close();
      onClosed();
    },
    terminated: onClosed,
  });
  const framesOf = (id: string) => IDBKeyRange.bound([id, 0], [id, Number.MAX_SAFE_INTEGER]);
  // In the order of IndexedDB keys, an array is greater than every string.
  const filesOf = (id: string) => IDBKeyRange.bound([id, ''], [id, []]);
  /** Strict durability: a completed write survives a crash of the machine, not only of the page. */
  const write = () =>
    db.transaction(['projects', 'frames', 'retired'], 'readwrite', { durability: 'strict' });

  return {
    async records() {
      const transaction = db.transaction('projects');
      const all = await completed(transaction, transaction.store.getAll());
      return all.flatMap((value) => {
        const result = v.safeParse(recordSchema, value);
        return result.success ? [result.output] : [];
      });
    },
    ids() {
      const transaction = db.transaction('projects');
      return completed(transaction, transaction.store.getAllKeys());
    },
    countFrames(id) {
      const transaction = db.transaction('frames');
      return completed(transaction, transaction.store.count(framesOf(id)));
    },
    async read(id) {
      const transaction = db.transaction(['projects', 'frames']);
      const requests = Promise.all([
        transaction.objectStore('projects').get(id),
        transaction.objectStore('frames').getAll(framesOf(id)),
      ]);
      const [value, frames] = await completed(transaction, requests);
      const record = parseRecord(id, value);
      const result = v.safeParse(v.array(frameNodeSchema), frames);
      if (!result.success) throw damaged(id, result.issues[0]);
      return { record, frames: result.output };
    },
    async put(record, frames) {
      const transaction = write();
      const nodes = transaction.objectStore('frames');
      const requests = Promise.all([
        transaction.objectStore('projects').put(record, record.id),
        nodes.delete(framesOf(record.id)),
        transaction.objectStore('retired').delete(filesOf(record.id)),
        ...frames.map((frame) => nodes.put(frame, [record.id, frame.id])),
      ]);
      await completed(transaction, requests);
    },
    async change(id, change, { put = [], remove = [], retire = [], revive = [] } = {}) {
      const transaction = write();
      const projects = transaction.objectStore('projects');
      const nodes = transaction.objectStore('frames');
      const retired = transaction.objectStore('retired');
      const requests = async () => {
        const before = await projects.get(id);
        let record: ProjectRecord;
        try {
          record = change(parseRecord(id, before));
        } catch (error) {
          transaction.abort();
          throw error;
        }
        await Promise.all([
          projects.put(record, id),
          ...put.map((frame) => nodes.put(frame, [id, frame.id])),
          ...remove.map((frame) => nodes.delete([id, frame])),
          ...retire.map(({ file, since }) => retired.put(since, [id, file])),
          ...revive.map((file) => retired.delete([id, file])),
        ]);
      };
      await completed(transaction, requests());
    },
    async retired(id) {
      const transaction = db.transaction('retired');
      const { store } = transaction;
      const requests = Promise.all([store.getAllKeys(filesOf(id)), store.getAll(filesOf(id))]);
      const [keys, values] = await completed(transaction, requests);
      return keys.flatMap(([, file], index) => {
        const since = v.safeParse(retiredSchema, values[index]);
        return since.success ? [{ file, since: since.output }] : [];
      });
    },
    async forget(id, files) {
      const transaction = write();
      const retired = transaction.objectStore('retired');
      await completed(transaction, Promise.all(files.map((file) => retired.delete([id, file]))));
    },
    async remove(id) {
      const transaction = write();
      const requests = Promise.all([
        transaction.objectStore('projects').delete(id),
        transaction.objectStore('frames').delete(framesOf(id)),
        transaction.objectStore('retired').delete(filesOf(id)),
      ]);
      await completed(transaction, requests);
    },
    close() {
      db.close();
    },
  };
}

/**
 * Waits for a transaction to complete (a write: to be on disk) and returns the results of its requests. If the browser
 * aborts a transaction, its requests fail with AbortError, which would look like cancellation by the user; therefore
 * the transaction's own error is thrown instead, or `UnknownError` if it has none.
 *
 * @throws the DriftError for which Drift itself aborted the transaction
 */
async function completed<T>({ done }: { readonly done: Promise<void> }, requests: Promise<T>): Promise<T> {
  const [result, end] = await Promise.allSettled([requests, done]);
  const isOurs = result.status === 'rejected' && result.reason instanceof DriftError;
  if (end.status === 'rejected' && !isOurs) {
    if (!isAbort(end.reason)) throw end.reason;
    throw new DOMException('The browser broke off the transaction.', 'UnknownError');
  }
  if (result.status === 'rejected') throw result.reason;
  return result.value;
}

function parseRecord(id: string, value: unknown): ProjectRecord {
  if (value === undefined) {
    throw new ProjectError('project-gone', 'This project is no longer there.', {
      remedy: 'It was deleted, perhaps in another tab, or the browser cleared its storage.',
      details: { project: id },
    });
  }
  const result = v.safeParse(recordSchema, value);
  if (result.success) return result.output;
  throw damaged(id, result.issues[0]);
}

function damaged(id: string, issue: v.BaseIssue<unknown>): ProjectError {
  return new ProjectError('project-damaged', 'This project cannot be read: its description is damaged.', {
    remedy: 'If a newer Drift made it, reload the page. Else use an exported copy, if there is one.',
    details: { project: id, key: v.getDotPath(issue) ?? '' },
    cause: issue,
  });
}
