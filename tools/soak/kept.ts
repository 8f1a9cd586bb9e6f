import type { Page } from '@playwright/test';

/** SHA-256 of frames' files, by their paths in the browser's storage. */
export type FrameSums = ReadonlyMap<string, string>;

/** What is stored at a moment at which the page says that everything is kept. */
export interface Kept {
  /** Every frame's file, also of what is only being made. */
  readonly stored: FrameSums;
  /** Those that the page has shown as kept: of projects that are listed, no more of each than the strip shows. */
  readonly shown: FrameSums;
}

/**
 * The frames that the page says are kept, as their files are at that moment; null while it says otherwise. Frames are
 * numbered from 1 in the order in which they were made.
 */
export async function keptFrames(page: Page): Promise<Kept | null> {
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
        // One that is being written cannot be read, and is not kept yet.
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
    // What changed meanwhile is looked at the next time.
    const after = state();
    return after.kept && after.frames >= before.frames ? files : null;
  });
  if (!found) return null;
  const sums = (files: typeof found) => new Map(files.map(({ path, sum }) => [path, sum]));
  return { stored: sums(found), shown: sums(found.filter(({ shown }) => shown)) };
}

/** The frames that were kept and are not stored any more as they were. */
export function lostFrames(kept: FrameSums, stored: FrameSums): string[] {
  return [...kept].filter(([path, sum]) => stored.get(path) !== sum).map(([path]) => path);
}
