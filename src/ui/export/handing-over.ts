import { isAbort } from '../../base/index.ts';

/** Whether the browser has a save-file picker (Chromium). */
export function hasSavePicker(): boolean {
  return 'showSaveFilePicker' in window;
}

/** Shows the save-file picker. Returns null if the user cancels or the browser has none. */
export async function chooseFile(suggestedName: string): Promise<FileSystemFileHandle | null> {
  const picker: unknown = Reflect.get(window, 'showSaveFilePicker');
  if (typeof picker !== 'function') return null;
  try {
    const chosen: unknown = await Reflect.apply(picker, window, [{ suggestedName }]);
    return chosen instanceof FileSystemFileHandle ? chosen : null;
  } catch (error) {
    if (isAbort(error)) return null;
    throw error;
  }
}

/** Whether the Web Share API accepts this file. */
export function isShareable(file: File): boolean {
  return 'canShare' in navigator && navigator.canShare({ files: [file] });
}

export async function share(file: File): Promise<void> {
  try {
    await navigator.share({ files: [file] });
  } catch (error) {
    if (!isAbort(error)) throw error;
  }
}
