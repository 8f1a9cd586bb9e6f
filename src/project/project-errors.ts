import { ProjectError, StorageError } from '../base/index.ts';

/** Errors of stored projects that more than one module throws. */

/** A change to a project that another tab has open. */
export function readOnlyError(id: string): StorageError {
  return new StorageError('read-only', 'This project is open in another tab, so it cannot be changed here.', {
    remedy: 'Continue in the other tab, or close it and open the project here again.',
    details: { project: id },
  });
}

/** An operation that needs the whole project, such as removing it, while another tab has it open. */
export function openElsewhereError(id: string): StorageError {
  return new StorageError('open-elsewhere', 'This project is open in another tab.', {
    remedy: 'Close it there first.',
    details: { project: id },
  });
}

/** The start picture, without which a project cannot be opened, is not on disk. */
export function lostStartError(id: string, file: string): ProjectError {
  return new ProjectError('project-damaged', 'This project cannot be opened: its start picture is lost.', {
    remedy: 'Use an exported copy, if there is one.',
    details: { project: id, file },
  });
}

/** The picture of a frame is not on disk. */
export function lostPictureError(id: number): ProjectError {
  return new ProjectError('picture-lost', `The picture of frame ${id} is lost.`, {
    remedy: 'The browser may have cleared it. Use an exported copy, if there is one.',
    details: { frame: id },
  });
}
