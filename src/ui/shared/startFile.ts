/** The id of the one file input of the page: the field “Start image”. */
export const startFileId = 'start-image';

/** Opens the browser's file dialogue, as a click on the field does. */
export function openStartFile(): void {
  document.getElementById(startFileId)?.click();
}
