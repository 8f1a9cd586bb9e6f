/** Id of the file input for the start picture. */
export const startFileId = 'start-image';

/** Opens the browser's file dialog for the start picture. */
export function openStartFile(): void {
  document.getElementById(startFileId)?.click();
}
