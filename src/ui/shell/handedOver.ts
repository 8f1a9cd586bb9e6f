import { sharedFilesCache } from '../../base/index.ts';
import type { NamedFile, Stores } from '../../store/index.ts';
import { takeFiles } from './usePageEvents.ts';

/** Part of the File Handling API that is used. TypeScript's DOM types lack it; only Chromium has it. */
interface LaunchQueue {
  setConsumer(consumer: (launch: { readonly files: readonly FileSystemFileHandle[] }) => void): void;
}

declare global {
  interface Window {
    readonly launchQueue?: LaunchQueue;
  }
}

/** Imports files with which the installed page is opened: by the system's file manager, or shared by another program. */
export async function takeHandedOver(stores: Stores): Promise<void> {
  window.launchQueue?.setConsumer(({ files }) => {
    if (files.length === 0) return;
    const opened = files.map(async (handle) => ({ name: handle.name, file: await handle.getFile() }));
    void takeFiles(stores, Promise.all(opened));
  });
  const shared = await sharedFiles();
  if (shared.length > 0) await takeFiles(stores, Promise.resolve(shared));
}

/** Takes the files that the service worker has received: see `workers/offline/shared-files.ts`. */
async function sharedFiles(): Promise<NamedFile[]> {
  if (!(await caches.has(sharedFilesCache))) return [];
  const cache = await caches.open(sharedFilesCache);
  const files: NamedFile[] = [];
  for (const request of await cache.keys()) {
    const file = await (await cache.match(request))?.blob();
    const name = new URL(request.url).pathname.split('/').at(-1) ?? '';
    if (file) files.push({ name: decodeURIComponent(name), file });
  }
  await caches.delete(sharedFilesCache);
  return files;
}
