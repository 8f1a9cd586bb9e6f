import type { ProjectLeases } from './leases.ts';
import { fileOf, graceTime } from './picture-files.ts';
import type { ProjectPlace } from './transfer.ts';

/** The projects of a device: which there are, and which of them nothing refers to any more. */

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

/** All projects, the one that changed last first. */
export async function listProjects({ files, db }: ProjectPlace): Promise<ProjectSummary[]> {
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

/** Purges projects that were deleted long ago, and removes the folders of which a crash left no record. */
export async function tidyProjects(place: ProjectPlace, leases: ProjectLeases, now: Date): Promise<void> {
  const { files, db } = place;
  const oldest = new Date(now.getTime() - graceTime).toISOString();
  for (const { id, deleted } of await db.records()) {
    if (deleted === null || deleted >= oldest || leases.keepsDeleted(id)) continue;
    await leases.purge(id, () => purgeProject(place, id));
  }
  const known = new Set(await db.ids());
  for (const id of await files.projects()) {
    if (known.has(id)) continue;
    // Another tab may be filling it at this moment; then it holds the lock, or has put the record meanwhile.
    await leases.whileHeld(id, async () => {
      if (!(await db.ids()).includes(id)) await files.removeAll(id);
    });
  }
}

/** Removes a project for good. The lock of the project is held. */
export async function purgeProject({ files, db }: ProjectPlace, id: string): Promise<void> {
  // The record first: without it the files are orphans, which are swept; the other way round it would name nothing.
  await db.remove(id);
  await files.removeAll(id);
}
