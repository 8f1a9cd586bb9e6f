import { createQueue } from '../base/index.ts';
import type { Picture } from '../base/index.ts';
import type { CreateOutput } from '../formats/index.ts';
import { DatabaseConnection } from './connection.ts';
import type { ProjectDatabase } from './database.ts';
import { treeOf } from './document.ts';
import type { ProjectDocument, ProjectStart } from './document.ts';
import { storageError, whileRead } from './files.ts';
import type { MeasureFreeSpace, ProjectFiles, ProjectLocks } from './files.ts';
import { ProjectLeases } from './leases.ts';
import { listProjects, purgeProject, tidyProjects } from './listing.ts';
import type { ProjectSummary } from './listing.ts';
import { PictureFiles, frameFile } from './picture-files.ts';
import type { HeldPicture } from './picture-source.ts';
import { lostStartError, openElsewhereError, readOnlyError } from './project-errors.ts';
import type { Settings } from './settings.ts';
import { copyProject, documentOfRecord, exportProject, importProject } from './transfer.ts';
import type { CurrentProject, TransferControl } from './transfer.ts';
import { startId, withoutLost } from './tree.ts';
import { recordAfter } from './tree-write.ts';
import type { TreeWrite } from './tree-write.ts';

/** An opened project, without the pictures of its frames. */
export interface OpenedProject {
  readonly document: ProjectDocument;
  /** Whether another tab has it open for writing. */
  readonly readOnly: boolean;
  /** The start picture's original file, in memory; the fitted picture's file if there is no other. */
  readonly original: Blob;
  /** The start picture, fitted to the frame size. */
  readonly start: Picture;
  /** Id of the next new frame. Ids are never reused, so that removed frames can be restored. */
  readonly nextId: number;
  /** Number of frames that are left out because their picture, or an ancestor's, is lost. */
  readonly lost: number;
}

/** Result of a write: bytes written, and bytes that can still be written (null if the browser does not say). */
export interface WriteResult {
  readonly bytes: number;
  readonly left: number | null;
}

export interface KeeperOptions {
  readonly files: ProjectFiles;
  readonly locks: ProjectLocks;
  readonly freeSpace: MeasureFreeSpace;
  /** Name of the IndexedDB database. */
  readonly database: string;
  readonly now: () => Date;
  /** Creates the file that a project is exported to. */
  readonly createOutput: CreateOutput;
}

/** Milliseconds to wait for a project's lock: after a reload, the previous page may not have released it yet. */
const lockPatience = 2000;

/**
 * Stores projects in the browser: pictures as PNG files, tree and settings in a database. A picture is on disk before
 * the record that refers to it is written, so that after a crash at any moment every file in a record exists.
 *
 * Files are owned by the records that refer to them. A file without a record is retired, not removed, because an undo
 * may need it again and another tab may be reading it. Retired files are removed when their project is opened for
 * writing, after a grace period and only by another session; all files of a deleted project when it is purged.
 *
 * One project is open for writing at a time. All methods throw StorageError `storage-full` or `storage-unavailable` if
 * the browser refuses an operation. `replaceStart`, `update` and `changeTree` throw StorageError `read-only` if another
 * tab has the project open.
 */
export class ProjectKeeper {
  readonly #options: KeeperOptions;
  readonly #pictures: PictureFiles;
  readonly #leases: ProjectLeases;
  readonly #database: DatabaseConnection;
  /** Runs changes one at a time, in order of the calls. */
  readonly #changes = createQueue();
  /** Separate queue for long copies of whole projects, so that new frames are stored meanwhile. */
  readonly #copies = createQueue();

  constructor(options: KeeperOptions) {
    this.#options = options;
    this.#pictures = new PictureFiles(options.files, options.now);
    this.#leases = new ProjectLeases(options.locks);
    this.#database = new DatabaseConnection(options.database);
  }

  /** Lists all projects, most recently changed first. */
  list(): Promise<ProjectSummary[]> {
    return this.#guard((db) => listProjects({ files: this.#options.files, db }));
  }

  /** Garbage collection: purges projects deleted before the grace period, and folders that a crash left orphaned. */
  tidy(): Promise<void> {
    return this.#guard((db) =>
      tidyProjects({ files: this.#options.files, db }, this.#leases, this.#options.now()),
    );
  }

  /**
   * Creates a project and opens it for writing.
   *
   * @param start the start picture, fitted to the frame size
   * @param original the start picture's original file
   * @throws StorageError `open-elsewhere` if another tab holds the project's lock
   */
  async create(
    id: string,
    document: ProjectDocument,
    start: Picture,
    original: Blob | null,
  ): Promise<WriteResult> {
    return this.#change(async (db) => {
      if (!(await this.#leases.open(id, 0))) throw openElsewhereError(id);
      const startFile = await this.#pictures.writeStart(id, null, start);
      const originalFile = original && (await this.#pictures.writeOriginal(id, original));
      const { frames, ...rest } = document;
      const files = { startFile, originalFile };
      await db.put({ ...rest, ...files, nextId: 1, id, changed: this.#time(), deleted: null }, frames);
      return this.#writeResult(0);
    });
  }

  /**
   * Opens a project; read-only if another tab has it open. Frames whose files are missing are left out. Of the
   * pictures, only the start picture and the animation's last frame, from which it continues, are decoded and verified.
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
      const original = await this.#pictures.readOriginal(record);
      if (!start || !original) throw lostStartError(id, record.startFile);
      const document = documentOfRecord(record, frames);
      const present = new Set(await files.list(id));
      signal.throwIfAborted();
      let tree = withoutLost(treeOf(document), (frame) => !present.has(frameFile(frame)));
      // A crash of the machine damages the files that were written last: check backward until one is intact.
      for (let last = tree.nodes.get(tree.leaf); last; last = tree.nodes.get(tree.leaf)) {
        const { id: damaged } = last;
        if (await this.#pictures.read(record, damaged, last)) break;
        signal.throwIfAborted();
        tree = withoutLost(tree, (frame) => frame === damaged);
      }
      return {
        document: documentOfRecord({ ...record, leaf: tree.leaf, order: tree.order }, [...tree.nodes]),
        readOnly,
        original,
        start,
        nextId: Math.max(record.nextId, treeOf(document).nextId),
        lost: frames.length - tree.nodes.size,
      };
    });
  }

  /** Acquires the lock of a project that the page has loaded already. Returns false if another tab holds it. */
  async resume(id: string): Promise<boolean> {
    return this.#change((db) => db.read(id).then(() => this.#leases.open(id, 0)));
  }

  /** Stores the start picture fitted anew. Its original file is kept. */
  async replaceStart(id: string, start: ProjectStart, picture: Picture): Promise<WriteResult> {
    return this.#write(id, async (db) => {
      const { record: before } = await db.read(id);
      const startFile = await this.#pictures.writeStart(id, before.startFile, picture);
      // Without an original, the first fitted picture becomes the original.
      const originalFile = before.originalFile ?? before.startFile;
      const retire = originalFile === before.startFile ? [] : this.#pictures.retire(id, [before.startFile]);
      const changed = this.#time();
      await db.change(id, (record) => ({ ...record, startFile, originalFile, start, changed }), { retire });
      return this.#writeResult(0);
    });
  }

  /** Stores the settings for the next frame. */
  async update(id: string, settings: Settings): Promise<void> {
    await this.#write(id, (db) => db.change(id, (record) => ({ ...record, settings })));
  }

  /**
   * Stores a change of the tree: new pictures first, then the records that refer to them. Pictures of removed frames
   * are retired, so that the frames can be restored.
   */
  async changeTree(id: string, change: TreeWrite, pictures: readonly HeldPicture[]): Promise<WriteResult> {
    return this.#write(id, async (db) => {
      let bytes = 0;
      for (const { id: frame, png } of pictures) {
        await this.#options.files.write(id, frameFile(frame), png);
        bytes += png.size;
      }
      const { put, remove } = change;
      await db.change(id, (record) => recordAfter(record, change, this.#time()), {
        put,
        remove,
        revive: put.map((frame) => frameFile(frame.id)),
        retire: this.#pictures.retire(id, remove.map(frameFile)),
      });
      return this.#writeResult(bytes);
    });
  }

  /** Renames a project, even if another tab has it open. */
  async rename(id: string, name: string): Promise<void> {
    await this.#change((db) => db.change(id, (record) => ({ ...record, name })));
  }

  /** Copies a project. If that fails or is cancelled, the files copied so far are removed. */
  async duplicate(id: string, copy: string, name: string, signal: AbortSignal): Promise<void> {
    const { files, locks } = this.#options;
    await this.#build(copy, signal, (db) =>
      whileRead(locks, id, () => copyProject({ files, db }, { id, copy, name, now: this.#time() }, signal)),
    );
  }

  /**
   * Marks a project as deleted; `restore` undoes it until the project is purged.
   *
   * @throws StorageError `open-elsewhere` if another tab has it open
   */
  async remove(id: string): Promise<void> {
    await this.#change(async (db) => {
      const done = await this.#leases.whileHeld(id, () =>
        db.change(id, (record) => ({ ...record, deleted: this.#time() })),
      );
      if (!done) throw openElsewhereError(id);
      await this.#leases.keepDeleted(id);
    });
  }

  /** Undoes a deletion. @throws ProjectError `project-gone` if the project has been purged */
  async restore(id: string): Promise<void> {
    await this.#change(async (db) => {
      await db.change(id, (record) => ({ ...record, deleted: null }));
      this.#leases.release(id);
    });
  }

  /**
   * Removes a project permanently, after running copies have ended. If another tab has it open or reads it, it is left
   * to a later `tidy`.
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

  /** Imports a `.drift` file as a new project. If that fails or is cancelled, its files are removed. */
  async import(file: Blob, id: string, control: TransferControl): Promise<void> {
    await this.#build(id, control.signal, (db) =>
      importProject({ files: this.#options.files, db }, { file, id, now: this.#time() }, control),
    );
  }

  /** Releases all locks and closes the database. */
  async close(): Promise<void> {
    this.#leases.releaseAll();
    await this.#database.close();
  }

  #time(): string {
    return this.#options.now().toISOString();
  }

  /** Converts errors of the browser's storage to StorageErrors. */
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

  /** Runs a change of a project under its lock. @throws StorageError `read-only` if another tab holds it */
  #write<T>(id: string, work: (db: ProjectDatabase) => Promise<T>): Promise<T> {
    return this.#change(async (db) => {
      const done = await this.#leases.whileHeld(id, () => work(db));
      if (!done) throw readOnlyError(id);
      return done.value;
    });
  }

  /** Runs `work` to fill the folder of a new project; removes the folder if that fails. */
  #build(id: string, signal: AbortSignal, work: (db: ProjectDatabase) => Promise<void>): Promise<void> {
    return this.#copies.run(signal, () =>
      this.#guard(async (db) => {
        const done = await this.#leases.whileHeld(id, async () => {
          try {
            await work(db);
          } catch (error) {
            // Report the first error; `tidy` removes the folder later if it cannot be removed now.
            await this.#options.files.removeAll(id).catch(() => undefined);
            throw error;
          }
        });
        if (!done) throw openElsewhereError(id);
      }),
    );
  }

  async #writeResult(bytes: number): Promise<WriteResult> {
    return { bytes, left: await this.#options.freeSpace() };
  }
}
