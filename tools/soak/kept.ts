import type { Page } from '@playwright/test';

/** SHA-256 of frame files by their paths in the origin private file system. */
export type FrameSums = ReadonlyMap<string, string>;

/** Stored frames at a moment when the page reports that everything is kept. */
export interface KeptFrames {
  /** All frame files, including those of a run in progress. */
  readonly stored: FrameSums;
  /** Frames that the page has shown as kept: those of listed projects, up to the number in the strip. */
  readonly shown: FrameSums;
}

/**
 * Frames that the page reports as kept, with checksums of their files; null if it does not report so. Frames are
 * numbered from 1 in the order in which they were made.
 */
export async function keptFrames(page: Page): Promise<KeptFrames | null> {
  const found = await page.evaluate(async () => {
    const state = () => ({
      kept: document.body.innerText.includes('Kept on this device'),
      frames: document.querySelectorAll('[aria-label="Frames"] img[alt^="Frame "]').length,
    });
    const listed = () =>
      new Promise<string[]>((resolve, reject) => {
        const opening = indexedDB.open('drift');
        opening.onerror = () => {
          reject(new Error('The database does not open.'));
        };
        opening.onsuccess = () => {
          const keys = opening.result.transaction('projects').objectStore('projects').getAllKeys();
          keys.onsuccess = () => {
            opening.result.close();
            resolve(keys.result.map(String));
          };
        };
      });
    const before = state();
    if (!before.kept) return null;
    const projects = await listed();
    const files: { path: string; sum: string; shown: boolean }[] = [];
    const root = await navigator.storage.getDirectory();
    for await (const [project, folder] of await root.getDirectoryHandle('projects', { create: true })) {
      if (!(folder instanceof FileSystemDirectoryHandle)) continue;
      for await (const [name, handle] of folder) {
        if (!(handle instanceof FileSystemFileHandle) || !/^\d{7}\.png$/.test(name)) continue;
        // A file that is being written cannot be read, and is not kept yet.
        const bytes = await handle
          .getFile()
          .then((file) => file.arrayBuffer())
          .catch(() => null);
        if (!bytes) continue;
        const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
        const sum = Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
        const shown = projects.includes(project) && Number(name.slice(0, 7)) <= before.frames;
        files.push({ path: `${project}/${name}`, sum, shown });
      }
    }
    // If the state changed in the meantime, the caller tries again.
    const after = state();
    return after.kept && after.frames >= before.frames ? files : null;
  });
  if (!found) return null;
  const sums = (files: typeof found) => new Map(files.map(({ path, sum }) => [path, sum]));
  return { stored: sums(found), shown: sums(found.filter(({ shown }) => shown)) };
}

/** Paths of kept frames whose files are missing or changed. */
export function lostFrames(kept: FrameSums, stored: FrameSums): string[] {
  return [...kept].filter(([path, sum]) => stored.get(path) !== sum).map(([path]) => path);
}
