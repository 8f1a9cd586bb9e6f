import { openDB } from 'idb';
import type { DBSchema, IDBPDatabase } from 'idb';
import * as v from 'valibot';
import { ProjectError } from '../base/index.ts';
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
});
export type ProjectRecord = v.InferOutput<typeof recordSchema>;

// What a database gives back was written by some version of Drift: nothing is known of it before it is parsed.
interface Schema extends DBSchema {
  projects: { key: string; value: unknown };
  frames: { key: [project: string, frame: number]; value: unknown };
}

/** The records of projects and frames, in IndexedDB. Every change is one transaction: all of it or nothing. */
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
  /** Changes a record, puts frames and removes frames. @throws ProjectError `project-gone` or `project-damaged` */
  change(
    id: string,
    change: (record: ProjectRecord) => ProjectRecord,
    frames?: { readonly put?: readonly FrameNode[]; readonly remove?: readonly number[] },
  ): Promise<void>;
  /** Removes a project with its frames. */
  remove(id: string): Promise<void>;
  close(): void;
}

const version = 1;

/**
 * Opens the database, making or upgrading it as needed. Connections give way to a newer Drift in another tab.
 *
 * @throws whatever the browser throws where it forbids storage
 */
export async function openDatabase(name: string): Promise<ProjectDatabase> {
  const db: IDBPDatabase<Schema> = await openDB<Schema>(name, version, {
    upgrade(database, oldVersion) {
      if (oldVersion < 1) {
        database.createObjectStore('projects');
        database.createObjectStore('frames');
      }
    },
    blocking: () => {
      db.close();
    },
  });
  const framesOf = (id: string) => IDBKeyRange.bound([id, 0], [id, Number.MAX_SAFE_INTEGER]);
  /** Writes that survive a crash of the machine, and not only of the page. */
  const write = () => db.transaction(['projects', 'frames'], 'readwrite', { durability: 'strict' });

  return {
    async records() {
      const all = await db.getAll('projects');
      return all.flatMap((value) => {
        const result = v.safeParse(recordSchema, value);
        return result.success ? [result.output] : [];
      });
    },
    ids: () => db.getAllKeys('projects'),
    countFrames: (id) => db.count('frames', framesOf(id)),
    async read(id) {
      const transaction = db.transaction(['projects', 'frames']);
      const [value, frames] = await Promise.all([
        transaction.objectStore('projects').get(id),
        transaction.objectStore('frames').getAll(framesOf(id)),
      ]);
      const record = parseRecord(id, value);
      const result = v.safeParse(v.array(frameNodeSchema), frames);
      if (!result.success) throw damaged(id, result.issues[0]);
      return { record, frames: result.output };
    },
    async put(record, frames) {
      const transaction = write();
      const nodes = transaction.objectStore('frames');
      await Promise.all([
        transaction.objectStore('projects').put(record, record.id),
        nodes.delete(framesOf(record.id)),
        ...frames.map((frame) => nodes.put(frame, [record.id, frame.id])),
        transaction.done,
      ]);
    },
    async change(id, change, { put = [], remove = [] } = {}) {
      const transaction = write();
      const projects = transaction.objectStore('projects');
      const nodes = transaction.objectStore('frames');
      let record: ProjectRecord;
      try {
        record = change(parseRecord(id, await projects.get(id)));
      } catch (error) {
        transaction.abort();
        await transaction.done.catch(() => undefined);
        throw error;
      }
      await Promise.all([
        projects.put(record, id),
        ...put.map((frame) => nodes.put(frame, [id, frame.id])),
        ...remove.map((frame) => nodes.delete([id, frame])),
        transaction.done,
      ]);
    },
    async remove(id) {
      const transaction = write();
      await Promise.all([
        transaction.objectStore('projects').delete(id),
        transaction.objectStore('frames').delete(framesOf(id)),
        transaction.done,
      ]);
    },
    close() {
      db.close();
    },
  };
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
