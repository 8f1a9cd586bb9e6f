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

/** Longest file that is copied, in bytes: the clipboard is held in memory, as text. */
const longestCopy = 32_000_000;

/** Whether the clipboard takes an animation: browsers take one only as HTML, and videos not at all. */
export function isCopyable(file: Blob): boolean {
  const isPicture = file.type.startsWith('image/') && file.size <= longestCopy;
  return isPicture && 'clipboard' in navigator && 'ClipboardItem' in window;
}

/**
 * Copies an animated picture. No browser writes GIF files to the clipboard, so it goes there as HTML that contains it, for
 * documents and mails, and as a PNG of its first frame, for other programs.
 *
 * @param still Encodes the first frame as a PNG file.
 */
export async function copyAnimation(file: Blob, still: () => Promise<Blob>): Promise<void> {
  // Safari and Firefox grant access only in the event handler of a click: nothing must be awaited before the call.
  const parts = { 'text/html': pictureAsHtml(file), 'image/png': still() };
  const item = new ClipboardItem(parts);
  // `write` rejects if one of them fails, and does not wait for the other.
  for (const part of Object.values(parts)) part.catch(() => undefined);
  await navigator.clipboard.write([item]);
}

function pictureAsHtml(file: Blob): Promise<Blob> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => {
      const address = typeof reader.result === 'string' ? reader.result : '';
      resolve(new Blob([`<img src="${address}" alt="">`], { type: 'text/html' }));
    };
    reader.onerror = () => {
      reject(reader.error ?? new Error('the file could not be read'));
    };
    // APNG has no media type of its own that all programs know.
    reader.readAsDataURL(file.type === 'image/apng' ? new Blob([file], { type: 'image/png' }) : file);
  });
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
