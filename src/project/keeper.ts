import { createQueue } from '../base/index.ts';
import type { Picture } from '../base/index.ts';
import type { CreateOutput } from '../formats/index.ts';
import { DatabaseConnection } from './connection.ts';
import type { ProjectDatabase, ProjectRecord } from './database.ts';
import { treeOf } from './document.ts';
import type { ProjectDocument, ProjectStart } from './document.ts';
import { storageError, whileRead } from './files.ts';
import type { MeasureRoom, ProjectFiles, ProjectLocks } from './files.ts';
import { ProjectLeases } from './leases.ts';
import { listProjects, purgeProject, tidyProjects } from './listing.ts';
import type { ProjectSummary } from './listing.ts';
import { PictureFiles, frameFile } from './picture-files.ts';
import type { HeldPicture } from './picture-source.ts';
import { lostStart, openElsewhere, readOnly } from './project-errors.ts';
import type { Settings } from './settings.ts';
import { copyProject, documentOfRecord, exportProject, importProject } from './transfer.ts';
import type { CurrentProject, TransferControl } from './transfer.ts';
import { startId, withoutLost } from './tree.ts';
import type { FrameNode } from './tree.ts';

/** A project that has been opened, but for its pictures. */
export interface OpenedProject {
  readonly document: ProjectDocument;
  /** Another tab has it open: here it can be looked at. */
  readonly readOnly: boolean;
  /** The file that the start picture was cut from, or the cut where that is all there is. */
  readonly original: Blob;
  /** The start picture as it was cut. */
  readonly start: Picture;
  /** The id of the next new frame: no frame has had it, so that one that was taken off can come back. */
  readonly nextId: number;
  /** Frames that are left out because their pictures are lost, or because they came after such a one. */
  readonly lost: number;
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
  /** Begins a file that a project is exported into. */
  readonly createOutput: CreateOutput;
}

/** How long the lock of a project is waited for at opening: a reload opens it while the page before is still leaving. */
const lockPatience = 2000;

/**
 * Keeps projects on this device: pictures as PNG files, the tree and settings in a database. A picture is on disk
 * before the record that names it is written, so after a crash at any moment everything that a record names is there.
 *
 * Ownership of files: a record names those that a project consists of. A file that no record names any more is retired,
 * not removed: an undo may bring it back, and another tab may be reading it. Files are removed when a project is opened
 * for writing (retired long ago, by another session), or was deleted and nobody wanted it back.
 *
 * One project is open for writing at a time. Every method throws StorageError `storage-full` or `storage-unavailable`
 * for what the browser refuses; those that write throw StorageError `read-only` for a project that another tab has open.
 */
export class ProjectKeeper {
  readonly #options: KeeperOptions;
  readonly #pictures: PictureFiles;
  readonly #leases: ProjectLeases;
  readonly #database: DatabaseConnection;
  /** Changes come one after another, in the order in which they were asked for. */
  readonly #changes = createQueue();
  /** What copies whole projects takes long, and frames that are being made do not wait for it. */
  readonly #copies = createQueue();

  constructor(options: KeeperOptions) {
    this.#options = options;
    this.#pictures = new PictureFiles(options.files, options.now);
    this.#leases = new ProjectLeases(options.locks);
    this.#database = new DatabaseConnection(options.database);
  }

  /** All projects, the one that changed last first. */
  list(): Promise<ProjectSummary[]> {
    return this.#guard((db) => listProjects({ files: this.#options.files, db }));
  }

  /** Frees what nothing refers to any more: purges projects deleted long ago, and what a crash left behind. */
  tidy(): Promise<void> {
    return this.#guard((db) =>
      tidyProjects({ files: this.#options.files, db }, this.#leases, this.#options.now()),
    );
  }

  /** Makes a project and opens it for writing. `original` is the file that the start picture was cut from. */
  async create(id: string, document: ProjectDocument, start: Picture, original: Blob | null): Promise<Kept> {
    return this.#change(async (db) => {
      if (!(await this.#leases.open(id, 0))) throw openElsewhere(id);
      const startFile = await this.#pictures.writeStart(id, null, start);
      const originalFile = original && (await this.#pictures.writeOriginal(id, original));
      const { frames, ...rest } = document;
      const files = { startFile, originalFile };
      await db.put({ ...rest, ...files, nextId: 1, id, changed: this.#time(), deleted: null }, frames);
      return this.#kept(0);
    });
  }

  /**
   * Opens a project, for writing unless another tab has it. Its frames stay on disk; only the one that the animation
   * ends with, from which it goes on, is read to see that it is whole.
   *
   * @throws ProjectError `project-gone` or `project-damaged`
   */
  async open(id: string, signal: AbortSignal): Promise<OpenedProject> {
    const readOnly = await this.#change(async (db) => {
      const held = await this.#leases.open(id, lockPatience);
      try {
        if (held) await this.#pictures.sweep(db, id);
      } catch (error) {
        this.#leases.release(id);
        throw error;
      }
      return !held;
    });
    return this.#guard(async (db) => {
      const { files } = this.#options;
      const { record, frames } = await db.read(id);
      const start = await this.#pictures.read(record, startId, record.start);
      const original =
        (await files.read(id, record.originalFile ?? record.startFile)) ??
        (await files.read(id, record.startFile));
      if (!start || !original) throw lostStart(id, record.startFile);
      const document = documentOfRecord(record, frames);
      const present = new Set(await files.list(id));
      signal.throwIfAborted();
      let tree = withoutLost(treeOf(document), (frame) => !present.has(frameFile(frame)));
      // What a crash of the machine damages is what was written last.
      for (let last = tree.nodes.get(tree.leaf); last; last = tree.nodes.get(tree.leaf)) {
        const { id: damaged } = last;
        if (await this.#pictures.read(record, damaged, last)) break;
        signal.throwIfAborted();
        tree = withoutLost(tree, (frame) => frame === damaged);
      }
      return {
        document: { ...document, frames: [...tree.nodes], leaf: tree.leaf },
        readOnly,
        original,
        start,
        nextId: Math.max(record.nextId, treeOf(document).nextId),
        lost: frames.length - tree.nodes.size,
      };
    });
  }

  /** Opens a project for writing of which the page has everything already. Returns false when another tab has it. */
  async resume(id: string): Promise<boolean> {
    return this.#change((db) => db.read(id).then(() => this.#leases.open(id, 0)));
  }

  /** Keeps another cut of the start picture. The file that it is cut from stays. */
  async replaceStart(id: string, start: ProjectStart, picture: Picture): Promise<Kept> {
    return this.#write(id, async (db) => {
      const { record: before } = await db.read(id);
      const startFile = await this.#pictures.writeStart(id, before.startFile, picture);
      // Where the first cut is all there is, it is what others are cut from.
      const originalFile = before.originalFile ?? before.startFile;
      const retire = originalFile === before.startFile ? [] : this.#pictures.retire(id, [before.startFile]);
      const changed = this.#time();
      await db.change(id, (record) => ({ ...record, startFile, originalFile, start, changed }), { retire });
      return this.#kept(0);
    });
  }

  /** Keeps the settings of the next frame. */
  async update(id: string, settings: Settings): Promise<void> {
    await this.#write(id, (db) => db.change(id, (record) => ({ ...record, settings })));
  }

  /**
   * Keeps a change of the tree: new pictures first, then the records that name them. Pictures of frames that go are
   * retired, so that the frames can come back.
   */
  async changeTree(
    id: string,
    {
      put,
      remove,
      leaf,
    }: { readonly put: readonly FrameNode[]; readonly remove: readonly number[]; readonly leaf: number },
    pictures: readonly HeldPicture[],
  ): Promise<Kept> {
    return this.#write(id, async (db) => {
      let bytes = 0;
      for (const { id: frame, png } of pictures) {
        await this.#options.files.write(id, frameFile(frame), png);
        bytes += png.size;
      }
      // Where the animation ends is no change of what the project holds.
      const changed = put.length + remove.length > 0 ? { changed: this.#time() } : {};
      const after = put.reduce((next, frame) => Math.max(next, frame.id + 1), 1);
      const apply = (record: ProjectRecord) => ({
        ...record,
        ...changed,
        leaf,
        nextId: Math.max(record.nextId, after),
      });
      await db.change(id, apply, {
        put,
        remove,
        revive: put.map((frame) => frameFile(frame.id)),
        retire: this.#pictures.retire(id, remove.map(frameFile)),
      });
      return this.#kept(bytes);
    });
  }

  /** Gives a project another name, whichever tab has it open. */
  async rename(id: string, name: string): Promise<void> {
    await this.#change((db) => db.change(id, (record) => ({ ...record, name })));
  }

  /** Copies a project. A copy that does not come to its end leaves nothing behind. */
  async duplicate(id: string, copy: string, name: string, signal: AbortSignal): Promise<void> {
    const { files, locks } = this.#options;
    await this.#build(copy, signal, (db) =>
      whileRead(locks, id, () => copyProject({ files, db }, { id, copy, name, now: this.#time() }, signal)),
    );
  }

  /**
   * Deletes a project, with a way back until it is purged.
   *
   * @throws StorageError `open-elsewhere` when another tab has it open
   */
  async remove(id: string): Promise<void> {
    await this.#change(async (db) => {
      const done = await this.#leases.whileHeld(id, () =>
        db.change(id, (record) => ({ ...record, deleted: this.#time() })),
      );
      if (!done) throw openElsewhere(id);
      await this.#leases.keepDeleted(id);
    });
  }

  /** Takes a deletion back. @throws ProjectError `project-gone` when it has been purged */
  async restore(id: string): Promise<void> {
    await this.#change(async (db) => {
      await db.change(id, (record) => ({ ...record, deleted: null }));
      this.#leases.release(id);
    });
  }

  /**
   * Frees what a project takes, for good, once it is not being copied. While another tab has it open or reads it, that is
   * left to a later `tidy`.
   */
  async purge(id: string): Promise<void> {
    await this.#copies.run(undefined, () =>
      this.#change(async (db) => {
        await this.#leases.purge(id, () => purgeProject({ files: this.#options.files, db }, id));
        this.#leases.release(id);
      }),
    );
  }

  /** Writes a project as a `.drift` file; see `exportProject`. */
  async export(id: string, current: CurrentProject | null, control: TransferControl): Promise<Blob> {
    const records = () => this.#database.use((db) => db.read(id));
    return this.#copies.run(control.signal, () =>
      this.#reporting(() =>
        whileRead(this.#options.locks, id, () => exportProject(this.#options, records, id, current, control)),
      ),
    );
  }

  /** Makes a project of a `.drift` file. One that is refused, or an import that is stopped, changes nothing. */
  async import(file: Blob, id: string, control: TransferControl): Promise<void> {
    await this.#build(id, control.signal, (db) =>
      importProject({ files: this.#options.files, db }, { file, id, now: this.#time() }, control),
    );
  }

  /** Lets the open project go, and the database. */
  async close(): Promise<void> {
    this.#leases.releaseAll();
    await this.#database.close();
  }

  #time(): string {
    return this.#options.now().toISOString();
  }

  /** Reports what the browser refuses as a StorageError. */
  async #reporting<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw storageError(error);
    }
  }

  #guard<T>(work: (db: ProjectDatabase) => Promise<T>): Promise<T> {
    return this.#reporting(() => this.#database.use(work));
  }

  #change<T>(work: (db: ProjectDatabase) => Promise<T>): Promise<T> {
    return this.#changes.run(undefined, () => this.#guard(work));
  }

  /** A change of a project that no other tab has open: of the one that is open here, or of one just left. */
  #write<T>(id: string, work: (db: ProjectDatabase) => Promise<T>): Promise<T> {
    return this.#change(async (db) => {
      const done = await this.#leases.whileHeld(id, () => work(db));
      if (!done) throw readOnly(id);
      return done.value;
    });
  }

  /** Fills the folder of a new project, and leaves nothing of it where that fails. */
  #build(id: string, signal: AbortSignal, work: (db: ProjectDatabase) => Promise<void>): Promise<void> {
    return this.#copies.run(signal, () =>
      this.#guard(async (db) => {
        const done = await this.#leases.whileHeld(id, async () => {
          try {
            await work(db);
          } catch (error) {
            // What went wrong first is what counts; what cannot be removed now is swept later.
            await this.#options.files.removeAll(id).catch(() => undefined);
            throw error;
          }
        });
        if (!done) throw openElsewhere(id);
      }),
    );
  }

  async #kept(bytes: number): Promise<Kept> {
    return { bytes, left: await this.#options.room() };
  }
}
