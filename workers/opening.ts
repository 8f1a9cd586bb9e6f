/** Handles of files that are being opened. */
const opening = new Set<object>();

/**
 * Opens a file for writing. The file's handle is kept until the browser has answered: Chromium (156) never answers once
 * it has collected the handle as garbage, which it may do while nothing but the call needs it.
 *
 * No time limit, as the browser answers in the end, after seconds where the machine is busy; and a second call would only
 * be refused for the first, or hold the file after that one was closed.
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
