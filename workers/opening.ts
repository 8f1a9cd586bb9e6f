/** Handles being opened, kept alive. */
const opening = new Set<object>();

/**
 * Opens a file for synchronous writing. Keeps its handle alive meanwhile: in Chromium (156) the promise never settles if
 * the handle is garbage-collected.
 *
 * There is no timeout: the browser answers eventually, after seconds on a busy machine, and a second call would be refused
 * because of the first, or hold the file after that one was closed.
 *
 * @throws the browser's error: DOMException `NoModificationAllowedError` while the file is open elsewhere
 */
export async function openToWrite<Handle>(file: {
  createSyncAccessHandle(): Promise<Handle>;
}): Promise<Handle> {
  opening.add(file);
  try {
    return await file.createSyncAccessHandle();
  } finally {
    opening.delete(file);
  }
}
