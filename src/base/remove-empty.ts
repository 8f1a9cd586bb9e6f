/**
 * Removes a chosen file if it is empty, as the save picker creates it, where the browser can (Chromium). Never fails: a
 * file that is gone, locked or may not be removed stays as it is.
 */
export async function removeEmpty(file: FileSystemFileHandle): Promise<void> {
  const remove: unknown = Reflect.get(file, 'remove');
  if (typeof remove !== 'function') return;
  try {
    if ((await file.getFile()).size === 0) await Reflect.apply(remove, file, []);
  } catch {
    // See above.
  }
}
