import type { ProjectLeases } from './leases.ts';
import { fileOf, graceTime } from './picture-files.ts';
import type { ProjectStorage } from './transfer.ts';

/** Listing of the stored projects, and removal of deleted and orphaned ones. */

/** A project as the list of projects shows it. */
export interface ProjectSummary {
  readonly id: string;
  readonly name: string;
  /** Time of the last change, ISO 8601. */
  readonly changed: string;
  /** Number of frames on all branches. */
  readonly frames: number;
  /** Picture of the animation's last frame, as a PNG file; null if it is lost. */
  readonly picture: Blob | null;
}

/** Lists all projects that are not deleted, most recently changed first. */
export async function listProjects({ files, db }: ProjectStorage): Promise<ProjectSummary[]> {
  const records = (await db.records()).filter(({ deleted }) => deleted === null);
  records.sort((a, b) => (a.changed < b.changed ? 1 : a.changed > b.changed ? -1 : 0));
  return Promise.all(
    records.map(async (record) => ({
      id: record.id,
      name: record.name,
      changed: record.changed,
      frames: await db.countFrames(record.id),
      picture: await files.read(record.id, fileOf(record, record.leaf)),
    })),
  );
}

/** Purges projects deleted more than the grace period ago, and removes folders without a record, left by a crash. */
export async function tidyProjects(storage: ProjectStorage, leases: ProjectLeases, now: Date): Promise<void> {
  const { files, db } = storage;
  const oldest = new Date(now.getTime() - graceTime).toISOString();
  for (const { id, deleted } of await db.records()) {
    if (deleted === null || deleted >= oldest || leases.keepsDeleted(id)) continue;
    await leases.purge(id, () => purgeProject(storage, id));
  }
  const known = new Set(await db.ids());
  for (const id of await files.projects()) {
    if (known.has(id)) continue;
    // Another tab may be creating this project: then it holds the lock, or has just written the record.
    await leases.whileHeld(id, async () => {
      if (!(await db.ids()).includes(id)) await files.removeAll(id);
    });
  }
}

/** Removes a project permanently. The caller holds its lock. */
export async function purgeProject({ files, db }: ProjectStorage, id: string): Promise<void> {
  // The record first: after a crash in between, the files are orphans, which `tidyProjects` removes.
  await db.remove(id);
  await files.removeAll(id);
}
