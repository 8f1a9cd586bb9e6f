import { openDB } from 'idb';
import type { DBSchema, IDBPDatabase } from 'idb';
import * as v from 'valibot';
import { DriftError, ProjectError, isAbort } from '../base/index.ts';
import { frameNodeSchema, projectDocumentSchema } from './document.ts';
import type { FrameNode } from './tree.ts';

/** A project in the database: its document but for the frames, which have records of their own. */
const recordSchema = v.object({
  ...v.omit(projectDocumentSchema, ['frames']).entries,
  id: v.pipe(v.string(), v.uuid()),
  changed: v.pipe(v.string(), v.isoTimestamp()),
  /** When it was deleted; until it is purged it can come back. */
  deleted: v.nullable(v.pipe(v.string(), v.isoTimestamp())),
  /** The file of the start picture as it was cut. */
  startFile: v.string(),
  /** The file that it was cut from, where there is one. */
  originalFile: v.nullable(v.string()),
  /** The smallest id that no frame has had. Records of before it was kept lack it. */
  nextId: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1)), 1),
});
export type ProjectRecord = v.InferOutput<typeof recordSchema>;

// What a database gives back was written by some version of Drift: nothing is known of it before it is parsed.
interface Schema extends DBSchema {
  projects: { key: string; value: unknown };
  frames: { key: [project: string, frame: number]; value: unknown };
  retired: { key: [project: string, file: string]; value: unknown };
}

/** A file that no record names any more, but that an undo or another tab may still want. */
export interface RetiredFile {
  readonly file: string;
  /** Since when: an ISO 8601 time. */
  readonly since: string;
}

/** What changes together with a project's record, in one transaction. */
export interface RecordChanges {
  /** Frames that are new or have come back. */
  readonly put?: readonly FrameNode[];
  /** Frames that are taken off. */
  readonly remove?: readonly number[];
  /** Files that nothing names from now on. */
  readonly retire?: readonly RetiredFile[];
  /** Retired files that are named again. */
  readonly revive?: readonly string[];
}

/** The records of projects, frames and retired files, in IndexedDB. Every change is one transaction. */
export interface ProjectDatabase {
  /** The records that can be read, in no order; a damaged one hides no other. */
  records(): Promise<ProjectRecord[]>;
  /** Ids of all records, readable or not. */
  ids(): Promise<string[]>;
  /** How many frames a project has. */
  countFrames(id: string): Promise<number>;
  /**
   * A project's record and frames as they were at one moment.
   *
   * @throws ProjectError `project-gone`, or `project-damaged` when it cannot be read
   */
  read(id: string): Promise<{ record: ProjectRecord; frames: FrameNode[] }>;
  /** Puts a project and all of its frames, which takes the place of what was there under its id. */
  put(record: ProjectRecord, frames: readonly FrameNode[]): Promise<void>;
  /** Changes a record and what belongs to it. @throws ProjectError `project-gone` or `project-damaged` */
  change(
    id: string,
    change: (record: ProjectRecord) => ProjectRecord,
    changes?: RecordChanges,
  ): Promise<void>;
  /** The files of a project that are retired. */
  retired(id: string): Promise<RetiredFile[]>;
  /** Forgets retired files once they are removed. */
  forget(id: string, files: readonly string[]): Promise<void>;
  /** Removes a project with its frames. */
  remove(id: string): Promise<void>;
  close(): void;
}

const retiredSchema = v.pipe(v.string(), v.isoTimestamp());

const version = 2;

/**
 * Opens the database, making or upgrading it as needed. Connections give way to a newer Drift in another tab.
 *
 * @param onClosed called when the connection was closed by that, or by the browser
 * @throws whatever the browser throws where it forbids storage
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
  // Arrays come after all strings in the order of keys.
  const filesOf = (id: string) => IDBKeyRange.bound([id, ''], [id, []]);
  /** Writes that survive a crash of the machine, and not only of the page. */
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
 * What the requests of a transaction gave, once it has ended (for one that writes: is on disk). A transaction that the
 * browser broke off fails its requests with AbortError, which would be taken for work that the user stopped, so its own
 * error is thrown; where it has none, `UnknownError`.
 *
 * @throws an error of ours that a request ended with, and for which the transaction was aborted
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
