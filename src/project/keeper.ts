import { DriftError, ProjectError, StorageError, createQueue } from '../base/index.ts';
import type { Picture } from '../base/index.ts';
import { encodePng, longestPng } from '../formats/index.ts';
import type { PictureSize } from '../formats/index.ts';
import { openArchive, writeArchive } from './archive.ts';
import type { ArchiveControl } from './archive.ts';
import { openDatabase } from './database.ts';
import type { ProjectDatabase, ProjectRecord } from './database.ts';
import { treeOf } from './document.ts';
import type { ProjectDocument, ProjectStart } from './document.ts';
import { storageError } from './files.ts';
import type { MeasureRoom, ProjectFiles, ProjectLocks } from './files.ts';
import { decodePng } from './png.ts';
import type { Settings } from './settings.ts';
import { path, startId, withoutLost } from './tree.ts';
import type { FrameNode, FrameTree } from './tree.ts';

/** A project as the list of projects shows it. */
export interface ProjectSummary {
  readonly id: string;
  readonly name: string;
  /** When it last changed: an ISO 8601 time. */
  readonly changed: string;
  /** All frames, on every branch. */
  readonly frames: number;
  /** The picture that its animation ends with, as PNG; null when it is lost. */
  readonly picture: Blob | null;
}

/** A project that has been opened, but for its pictures. */
export interface OpenedProject {
  readonly document: ProjectDocument;
  /** Another tab has it open: here it can be looked at. */
  readonly readOnly: boolean;
  /** The file that the start picture was cut from, or the cut where that is all there is. */
  readonly original: Blob;
  /** Frames that are left out because their pictures are lost, or because they came after such a one. */
  readonly lost: number;
}

/** A picture of a project, by the id of its frame or `startId`. */
export interface KeptPicture {
  readonly id: number;
  readonly picture: Picture;
}

/** How much was written, and how many bytes can still be; null where the browser does not say. */
export interface Kept {
  readonly bytes: number;
  readonly left: number | null;
}

export interface KeeperOptions {
  readonly files: ProjectFiles;
  readonly locks: ProjectLocks;
  readonly room: MeasureRoom;
  /** The name of the IndexedDB database. */
  readonly database: string;
  readonly now: () => Date;
}

type OnPicture = (kept: KeptPicture, done: number, of: number) => void;

/** How long the lock of a project is waited for at opening: a reload opens it while the page before is still leaving. */
const lockPatience = 2000;

/** Deleted projects that nobody had back are purged this long after, in milliseconds. */
const graceTime = 60 * 60 * 1000;

/**
 * Keeps projects on this device: pictures as PNG files, the tree and settings in a database. A picture is on disk
 * before the record that names it is written, so after a crash at any moment everything that a record names is there;
 * files that no record names are swept when the project is next opened.
 *
 * One project is open for writing at a time, and its lock stays here until another is opened. Every method throws
 * StorageError `storage-full` or `storage-unavailable` for what the browser refuses; those that write throw
 * StorageError `read-only` for a project that another tab has open.
 */
export class ProjectKeeper {
  readonly #options: KeeperOptions;
  /** Changes come one after another, in the order in which they were asked for. */
  readonly #changes = createQueue();
  /** What copies whole projects takes long, and frames that are being made do not wait for it. */
  readonly #copies = createQueue();
  #database: Promise<ProjectDatabase> | null = null;
  #held: { readonly id: string; readonly release: () => void } | null = null;

  constructor(options: KeeperOptions) {
    this.#options = options;
  }

  /** All projects, the one that changed last first. */
  async list(): Promise<ProjectSummary[]> {
    return this.#guard(async (db) => {
      const records = (await db.records()).filter(({ deleted }) => deleted === null);
      records.sort((a, b) => (a.changed < b.changed ? 1 : a.changed > b.changed ? -1 : 0));
      return Promise.all(
        records.map(async (record) => ({
          id: record.id,
          name: record.name,
          changed: record.changed,
          frames: await db.countFrames(record.id),
          picture: await this.#options.files.read(record.id, fileOf(record, record.leaf)),
        })),
      );
    });
  }

  /** Frees what nothing refers to any more: purges projects deleted long ago, and what a crash left behind. */
  async tidy(): Promise<void> {
    await this.#guard(async (db) => {
      const oldest = new Date(this.#options.now().getTime() - graceTime).toISOString();
      for (const { id, deleted } of await db.records()) {
        if (deleted !== null && deleted < oldest) await this.#whileHeld(id, () => this.#purge(db, id));
      }
      const known = new Set(await db.ids());
      for (const id of await this.#options.files.projects()) {
        if (known.has(id)) continue;
        // Another tab may be filling it at this moment; then it holds the lock, or has put the record meanwhile.
        await this.#whileHeld(id, async () => {
          if (!(await db.ids()).includes(id)) await this.#options.files.removeAll(id);
        });
      }
    });
  }

  /** Makes a project and opens it for writing. `original` is the file that the start picture was cut from. */
  async create(id: string, document: ProjectDocument, start: Picture, original: Blob | null): Promise<Kept> {
    return this.#change(async (db) => {
      if (!(await this.#hold(id, 0))) throw openElsewhere(id);
      const record = await this.#writeStart(id, 1, start, original);
      const { frames, ...rest } = document;
      await db.put({ ...rest, ...record, id, changed: this.#time(), deleted: null }, frames);
      return this.#kept(0);
    });
  }

  /**
   * Opens a project, for writing unless another tab has it. `onPicture` is given the start picture and those of the
   * animation, in order.
   *
   * @throws ProjectError `project-gone` or `project-damaged`
   */
  async open(id: string, signal: AbortSignal, onPicture: OnPicture): Promise<OpenedProject> {
    const readOnly = await this.#change(async (db) => {
      const held = await this.#hold(id, lockPatience);
      try {
        if (held) await this.#sweep(db, id);
      } catch (error) {
        this.#letGo(id);
        throw error;
      }
      return !held;
    });
    return this.#guard(async (db) => {
      const { record, frames } = await db.read(id);
      const start = await this.#readPicture(record, startId, record.start);
      if (!start) throw lostStart(record);
      const document = { ...documentOf(record), frames };
      const present = new Set(await this.#options.files.list(id));
      const lost = new Set(frames.map((frame) => frame.id).filter((frame) => !present.has(frameFile(frame))));
      let tree = withoutLost(treeOf(document), (frame) => lost.has(frame));
      const way = path(tree);
      onPicture({ id: startId, picture: start }, 1, way.length + 1);
      for (const [index, frame] of way.entries()) {
        signal.throwIfAborted();
        const picture = await this.#readPicture(record, frame.id, frame);
        if (!picture) {
          tree = withoutLost(tree, (other) => other === frame.id);
          break;
        }
        onPicture({ id: frame.id, picture }, index + 2, way.length + 1);
      }
      const left = [...tree.nodes.values()];
      const original =
        (await this.#options.files.read(id, record.originalFile ?? record.startFile)) ??
        (await this.#options.files.read(id, record.startFile));
      if (!original) throw lostStart(record);
      return {
        document: { ...document, frames: left, leaf: tree.leaf },
        readOnly,
        original,
        lost: frames.length - left.length,
      };
    });
  }

  /** Opens a project for writing of which the page has everything already. Returns false when another tab has it. */
  async resume(id: string): Promise<boolean> {
    return this.#change((db) => db.read(id).then(() => this.#hold(id, 0)));
  }

  /**
   * The pictures of frames, for another branch.
   *
   * @throws ProjectError `picture-lost` for the first that is not there
   */
  async pictures(
    id: string,
    frames: readonly number[],
    signal: AbortSignal,
    onPicture: OnPicture,
  ): Promise<void> {
    await this.#guard(async (db) => {
      const { record, frames: nodes } = await db.read(id);
      for (const [index, wanted] of frames.entries()) {
        signal.throwIfAborted();
        const node = nodes.find((candidate) => candidate.id === wanted);
        const picture = node ? await this.#readPicture(record, wanted, node) : null;
        if (!picture) throw lostPicture(wanted);
        onPicture({ id: wanted, picture }, index + 1, frames.length);
      }
    });
  }

  /** Keeps a new frame, which becomes the animation's end: first its picture, then the record that names it. */
  async append(id: string, node: FrameNode, picture: Picture): Promise<Kept> {
    return this.#write(id, async (db) => {
      const bytes = await this.#writeFrame(id, { id: node.id, picture });
      await db.change(id, (record) => ({ ...record, leaf: node.id, changed: this.#time() }), { put: [node] });
      return this.#kept(bytes);
    });
  }

  /** Keeps another start picture, or another cut of it. The files of the one before go once the record is written. */
  async replaceStart(
    id: string,
    start: ProjectStart,
    picture: Picture,
    original: Blob | null,
  ): Promise<Kept> {
    return this.#write(id, async (db) => {
      const { record: before } = await db.read(id);
      const edition = 1 + Number(/\d+/.exec(before.startFile)?.[0] ?? 0);
      const files = await this.#writeStart(id, edition, picture, original);
      await db.change(id, (record) => ({ ...record, ...files, start, changed: this.#time() }));
      await this.#sweep(db, id);
      return this.#kept(0);
    });
  }

  /** Keeps the settings of the next frame, or where the animation ends. */
  async update(id: string, change: { readonly settings?: Settings; readonly leaf?: number }): Promise<void> {
    await this.#write(id, (db) => db.change(id, (record) => ({ ...record, ...change })));
  }

  /** Takes frames off; their pictures stay until the project is next opened, so that they can come back. */
  async removeFrames(id: string, frames: readonly number[], leaf: number): Promise<void> {
    await this.#write(id, (db) =>
      db.change(id, (record) => ({ ...record, leaf, changed: this.#time() }), { remove: frames }),
    );
  }

  /** Puts back frames that were taken off. */
  async restoreFrames(id: string, frames: readonly FrameNode[], leaf: number): Promise<void> {
    await this.#write(id, (db) =>
      db.change(id, (record) => ({ ...record, leaf, changed: this.#time() }), { put: frames }),
    );
  }

  /** Gives a project another name, whichever tab has it open. */
  async rename(id: string, name: string): Promise<void> {
    await this.#change((db) => db.change(id, (record) => ({ ...record, name })));
  }

  /** Copies a project. A copy that does not come to its end leaves nothing behind. */
  async duplicate(id: string, copy: string, name: string, signal: AbortSignal): Promise<void> {
    await this.#build(copy, signal, async (db) => {
      const { record, frames } = await db.read(id);
      const names = [record.startFile, ...(record.originalFile === null ? [] : [record.originalFile])];
      for (const file of [...names, ...frames.map((frame) => frameFile(frame.id))]) {
        signal.throwIfAborted();
        const bytes = await this.#options.files.read(id, file);
        // A frame that is lost here is lost in the copy, which says so when it is opened.
        if (bytes) await this.#options.files.write(copy, file, bytes);
      }
      const now = this.#time();
      await db.put({ ...record, id: copy, name, created: now, changed: now, deleted: null }, frames);
    });
  }

  /**
   * Deletes a project, with a way back until it is purged.
   *
   * @throws StorageError `open-elsewhere` when another tab has it open
   */
  async remove(id: string): Promise<void> {
    await this.#change(async (db) => {
      const done = await this.#whileHeld(id, () =>
        db.change(id, (record) => ({ ...record, deleted: this.#time() })),
      );
      if (!done) throw openElsewhere(id);
      this.#letGo(id);
    });
  }

  /** Takes a deletion back. @throws ProjectError `project-gone` when it has been purged */
  async restore(id: string): Promise<void> {
    await this.#change((db) => db.change(id, (record) => ({ ...record, deleted: null })));
  }

  /** Frees what a project takes, for good. Does nothing while another tab has it open. */
  async purge(id: string): Promise<void> {
    await this.#change(async (db) => {
      await this.#whileHeld(id, () => this.#purge(db, id));
      this.#letGo(id);
    });
  }

  /**
   * Writes a project as a `.drift` file. With `current` it is written as the page has it: pictures given there need
   * not be on disk, so that what no longer fits can still be saved.
   *
   * @throws ProjectError `project-gone`, `project-damaged` or `picture-lost`
   */
  async export(
    id: string,
    current: { readonly document: ProjectDocument; readonly pictures: readonly KeptPicture[] } | null,
    control: ArchiveControl,
  ): Promise<Blob> {
    return this.#copies.run(control.signal, async () => {
      const inMemory = new Map(current?.pictures.map((kept) => [kept.id, kept.picture]));
      const document = current?.document ?? (await this.#guard((db) => this.#document(db, id)));
      return writeArchive(
        document,
        async (wanted) => {
          const picture = inMemory.get(wanted);
          if (picture) return encodePng(picture);
          return this.#guard(async (db) => {
            const { record } = await db.read(id);
            const file = await this.#options.files.read(id, fileOf(record, wanted));
            if (!file) throw lostPicture(wanted);
            return new Uint8Array(await file.arrayBuffer());
          });
        },
        control,
      );
    });
  }

  /**
   * Makes a project of a `.drift` file. All of it is checked before any of it counts: a file that is refused, or an
   * import that is stopped, changes nothing.
   *
   * @throws ProjectError for the reasons of `openArchive` and `decodePng`
   */
  async import(file: Blob, id: string, { signal, onProgress }: ArchiveControl): Promise<void> {
    await this.#build(id, signal, async (db) => {
      const archive = await openArchive(file, signal);
      const { frames, ...rest } = archive.document;
      const ids = [startId, ...frames.map((frame) => frame.id)];
      for (const [done, picture] of ids.entries()) {
        signal.throwIfAborted();
        onProgress({ done, of: ids.length });
        // The file as it is, now that it is known to unpack to a picture: nothing is lost, not even what others noted.
        const { png } = await archive.picture(picture);
        await this.#options.files.write(id, picture === startId ? startFile(1) : frameFile(picture), png);
      }
      const files = { startFile: startFile(1), originalFile: null };
      await db.put({ ...rest, ...files, id, changed: this.#time(), deleted: null }, frames);
      onProgress({ done: ids.length, of: ids.length });
    });
  }

  /** Lets the open project go, and the database. */
  async close(): Promise<void> {
    this.#held?.release();
    this.#held = null;
    const database = this.#database;
    this.#database = null;
    (await database)?.close();
  }

  #time(): string {
    return this.#options.now().toISOString();
  }

  async #guard<T>(work: (db: ProjectDatabase) => Promise<T>): Promise<T> {
    try {
      this.#database ??= openDatabase(this.#options.database);
      return await work(await this.#database);
    } catch (error) {
      // A connection that could not be made, or was lost, is made anew the next time.
      if (!(error instanceof DriftError)) this.#database = null;
      throw storageError(error);
    }
  }

  #change<T>(work: (db: ProjectDatabase) => Promise<T>): Promise<T> {
    return this.#changes.run(undefined, () => this.#guard(work));
  }

  /** A change of a project that no other tab has open: of the one that is open here, or of one just left. */
  #write<T>(id: string, work: (db: ProjectDatabase) => Promise<T>): Promise<T> {
    return this.#change(async (db) => {
      const done = await this.#whileHeld(id, () => work(db));
      if (!done) throw readOnly(id);
      return done.value;
    });
  }

  /** Fills the folder of a new project, and leaves nothing of it where that fails. */
  #build(id: string, signal: AbortSignal, work: (db: ProjectDatabase) => Promise<void>): Promise<void> {
    return this.#copies.run(signal, () =>
      this.#guard(async (db) => {
        const done = await this.#whileHeld(id, async () => {
          try {
            await work(db);
          } catch (error) {
            await this.#options.files.removeAll(id);
            throw error;
          }
        });
        if (!done) throw openElsewhere(id);
      }),
    );
  }

  /** Makes a project the one that is open for writing. Returns false when another tab has it. */
  async #hold(id: string, patience: number): Promise<boolean> {
    if (this.#held?.id === id) return true;
    this.#held?.release();
    this.#held = null;
    const release = await this.#options.locks.tryHold(id, patience);
    if (release) this.#held = { id, release };
    return release !== null;
  }

  #letGo(id: string): void {
    if (this.#held?.id !== id) return;
    this.#held.release();
    this.#held = null;
  }

  /** Does something with a project that no other tab has open. Returns null when one has. */
  async #whileHeld<T>(id: string, work: () => Promise<T>): Promise<{ readonly value: T } | null> {
    const release = this.#held?.id === id ? () => undefined : await this.#options.locks.tryHold(id, 0);
    if (!release) return null;
    try {
      return { value: await work() };
    } finally {
      release();
    }
  }

  async #purge(db: ProjectDatabase, id: string): Promise<void> {
    // The record first: without it the files are orphans, which are swept; the other way round it would name nothing.
    await db.remove(id);
    await this.#options.files.removeAll(id);
  }

  /** Removes the files that the project's record does not name. */
  async #sweep(db: ProjectDatabase, id: string): Promise<void> {
    const { record, frames } = await db.read(id);
    const named = new Set([
      record.startFile,
      record.originalFile,
      ...frames.map((frame) => frameFile(frame.id)),
    ]);
    for (const file of await this.#options.files.list(id)) {
      if (!named.has(file)) await this.#options.files.remove(id, file);
    }
  }

  async #document(db: ProjectDatabase, id: string): Promise<ProjectDocument> {
    const { record, frames } = await db.read(id);
    return { ...documentOf(record), frames };
  }

  async #writeStart(
    id: string,
    edition: number,
    picture: Picture,
    original: Blob | null,
  ): Promise<Pick<ProjectRecord, 'startFile' | 'originalFile'>> {
    const { files } = this.#options;
    await files.write(id, startFile(edition), encodePng(picture));
    const originalFile = original && `original-${edition}`;
    if (original && originalFile !== null) await files.write(id, originalFile, original);
    return { startFile: startFile(edition), originalFile };
  }

  async #writeFrame(id: string, { id: frame, picture }: KeptPicture): Promise<number> {
    const png = encodePng(picture);
    await this.#options.files.write(id, frameFile(frame), png);
    return png.length;
  }

  /** A picture from disk, or null when it is not there or damaged. */
  async #readPicture(
    record: ProjectRecord,
    id: number,
    { width, height }: PictureSize,
  ): Promise<Picture | null> {
    const name = fileOf(record, id);
    const file = await this.#options.files.read(record.id, name);
    if (!file || file.size > longestPng({ width, height })) return null;
    try {
      return decodePng(new Uint8Array(await file.arrayBuffer()), { width, height }, name);
    } catch (error) {
      if (error instanceof ProjectError) return null;
      throw error;
    }
  }

  async #kept(bytes: number): Promise<Kept> {
    return { bytes, left: await this.#options.room() };
  }
}

function documentOf({
  name,
  created,
  start,
  settings,
  leaf,
}: ProjectRecord): Omit<ProjectDocument, 'frames'> {
  return { name, created, start, settings, leaf };
}

function startFile(edition: number): string {
  return `start-${edition}.png`;
}

function frameFile(id: FrameNode['id']): string {
  return `${String(id).padStart(7, '0')}.png`;
}

function fileOf({ startFile }: ProjectRecord, id: FrameTree['leaf']): string {
  return id === startId ? startFile : frameFile(id);
}

function readOnly(id: string): StorageError {
  return new StorageError('read-only', 'This project is open in another tab, so it cannot be changed here.', {
    remedy: 'Go on in the other tab, or close that one and open the project again here.',
    details: { project: id },
  });
}

function openElsewhere(id: string): StorageError {
  return new StorageError('open-elsewhere', 'This project is open in another tab.', {
    remedy: 'Close it there first.',
    details: { project: id },
  });
}

function lostStart({ id, startFile: file }: ProjectRecord): ProjectError {
  return new ProjectError('project-damaged', 'This project cannot be opened: its start picture is lost.', {
    remedy: 'Use an exported copy, if there is one.',
    details: { project: id, file },
  });
}

function lostPicture(id: number): ProjectError {
  return new ProjectError('picture-lost', `The picture of frame ${id} is lost.`, {
    remedy: 'The browser may have cleared it. Use an exported copy, if there is one.',
    details: { frame: id },
  });
}
